#pragma once

#include <atomic>
#include <memory>

#include "checkpoints.h"
#include "connection.h"
#include "drawbridge/log.h"
#include "drawbridge/storage/pool.h"

namespace drawbridge::sqlite {

using storage::Answer;
using storage::Tier;

/// One open SQLite database in WAL mode: a connection that writes, a pool of those that read, and one that moves the
/// log into the database.
class Database final : public storage::Database {
 public:
  Database(const Settings& settings, Logger& log);
  ~Database() override;

  Answer get(Table table, std::string_view key, Tier tier, const Found& found) const override;
  bool visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const override;
  std::unique_ptr<storage::Transaction> begin(const storage::Load& load) override;

  /// Applies the sizes of other settings; blocks.
  void adjust(const Settings& settings);

 private:
  void make_or_check();

  std::unique_ptr<Connection> make_reader() const;
  void tune_writer();

  const Settings settings_;
  std::atomic<std::uint64_t> cache_bytes_;
  bool synced_ = false;             ///< What the writer is set to. This and the next: of the thread that writes.
  std::uint64_t writer_cache_ = 0;  ///< The same.
  Connection writer_;
  mutable storage::Pool<Connection> readers_;
  std::unique_ptr<Checkpoints> checkpoints_;
};

}  // namespace drawbridge::sqlite
