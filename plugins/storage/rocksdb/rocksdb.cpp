// storage.rocksdb keeps records, and blobs up to a size, in RocksDB, and larger blobs in files beside it. The layout on
// the disk is in docs/formats/storage-rocksdb.md.
#include "database.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/storage/engine_storage.h"

namespace drawbridge {
namespace {

class RocksStorage final : public storage::EngineStorage {
 public:
  void options(Options& o) override {
    settings_.declare(o);
    auto& s = rocks_;
    o.size("cache", s.cache_bytes, {1_MiB, 64_GiB}, "Memory for blocks that were read.");
    o.size("write_buffer", s.write_buffer_bytes, {1_MiB, 1_GiB}, "Memory for what was written lately.");
    o.number("max_open_files", s.max_open_files, {32, 100'000}, "Files that the database may hold open.");
    o.flag("drop_damaged_log", s.drop_damaged_log,
           "Open a database with a damaged log, without the damage and all that was committed behind it.");
  }

 private:
  std::string_view format() const override { return "drawbridge.storage-rocksdb/1"; }

  std::unique_ptr<storage::Database> open(Host& host, std::shared_ptr<storage::Condition> condition) override {
    static_cast<storage::Settings&>(rocks_) = settings_;
    return std::make_unique<rocks::Database>(rocks_, std::move(condition), host.clock());
  }

  storage::Adjust adjust() const override {
    return [s = rocks_](storage::Database& database) { static_cast<rocks::Database&>(database).adjust(s); };
  }

  rocks::Settings rocks_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::RocksStorage, "storage.rocksdb", "0.1.0",
                  "Keeps records and blobs on this machine's disk, durable when a commit returns; the default storage.")
