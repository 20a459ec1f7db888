#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "drawbridge/blobs.h"
#include "drawbridge/records.h"
#include "drawbridge/storage/condition.h"
#include "drawbridge/storage/database.h"
#include "drawbridge/storage/settings.h"

namespace drawbridge::storage {

class Engine;

/// Both facets of a storage on top of an embedded key/value engine. A plugin derives from it, declares its options, and
/// opens a `Database`; from here come the lock of the folder, group commit, blobs in files, the sweep after a crash,
/// bounds, and draining at the end. See docs/formats/storage-rocksdb.md for what the tables hold.
///
///     class MyStorage final : public storage::EngineStorage {
///       void options(Options& o) override { settings_.declare(o); … }
///       std::string_view format() const override { return "my.storage/1"; }
///       storage::Adjust adjust() const override { return [](storage::Database&) {}; }
///       std::unique_ptr<storage::Database> open(Host&, std::shared_ptr<storage::Condition>) override { … }
///     };
class DRAWBRIDGE_API EngineStorage : public Records, public Blobs {
 public:
  EngineStorage();
  ~EngineStorage() override;

  Task<> start(Host& host) override;
  Task<> stop() override;
  Health health() const override;

  Task<std::optional<Bytes>> get(Key key) override;
  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override;
  Task<> commit(Batch batch) override;

  Task<std::unique_ptr<BlobWriter>> create() override;
  Task<std::optional<BlobInfo>> stat(std::string id) override;
  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override;
  Task<bool> erase(std::string id) override;
  Task<Blobs::Page> list(std::string after, std::size_t limit) override;

 protected:
  /// The name and version of the layout on the disk; kept in the database, and another one is refused.
  virtual std::string_view format() const = 0;

  /// Opens or creates the database in the folder `settings_.path`, which is there and locked. Called once, in `start`,
  /// on the blocking pool. Throws unsupported for what is no database of this engine, corrupt, unavailable.
  virtual std::unique_ptr<Database> open(Host& host, std::shared_ptr<Condition> condition) = 0;

  /// What a reload has to do to an open database for the settings of this instance to count, besides those of
  /// `settings_`. It may run when this instance is gone, so it takes copies.
  virtual Adjust adjust() const = 0;

  Settings settings_;

 private:
  bool collect(Records::Page& page, const Key& prefix, const Key& after, std::size_t limit, Tier tier) const;

  mutable std::mutex starting_;  ///< `health` may be asked while `start` runs; the rest only after it.
  std::shared_ptr<Engine> engine_;
};

}  // namespace drawbridge::storage
