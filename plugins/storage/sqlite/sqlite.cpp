// storage.sqlite keeps records, and blobs up to a size, in a SQLite database, and larger blobs in files beside it. The
// layout on the disk is in docs/formats/storage-sqlite.md.
#include "database.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/storage/engine_storage.h"

namespace drawbridge {
namespace {

class SqliteStorage final : public storage::EngineStorage {
 public:
  void options(Options& o) override {
    settings_.declare(o);
    o.size("cache", sqlite_.cache_bytes, {64_KiB, 4_GiB},
           "Memory for pages, for each connection that reads or writes.");
    o.number("max_readers", sqlite_.max_readers, {1, 256}, "Connections that may read at the same time.");
    o.flag("drop_damaged_log", sqlite_.drop_damaged_log,
           "Open a database with a damaged log, without the damage and all that was committed behind it.");
  }

 private:
  std::string_view format() const override { return "drawbridge.storage-sqlite/1"; }

  std::unique_ptr<storage::Database> open(Host& host, std::shared_ptr<storage::Condition>) override {
    static_cast<storage::Settings&>(sqlite_) = settings_;
    return std::make_unique<sqlite::Database>(sqlite_, host.log());
  }

  storage::Adjust adjust() const override {
    return [s = sqlite_](storage::Database& database) { static_cast<sqlite::Database&>(database).adjust(s); };
  }

  sqlite::Settings sqlite_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::SqliteStorage, "storage.sqlite", "0.1.0",
                  "Keeps records and blobs in a SQLite database, durable when a commit returns; many programs read it.")
