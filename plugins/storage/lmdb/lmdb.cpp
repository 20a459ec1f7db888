// storage.lmdb keeps records, and blobs up to a size, in LMDB, and larger blobs in files beside it. The layout on the
// disk is in docs/formats/storage-lmdb.md.
#include <algorithm>

#include "database.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/storage/engine_storage.h"

namespace drawbridge {
namespace {

class LmdbStorage final : public storage::EngineStorage {
 public:
  void options(Options& o) override {
    settings_.declare(o);
    o.size("map", lmdb_.map_bytes, {1_MiB, 64 * 1_TiB},
           "Address space that the database begins with; it grows by itself.");
    o.size("max_map", lmdb_.max_map_bytes, {1_MiB, 64 * 1_TiB},
           "Up to where the address space may grow: how large the database may become, without blobs in files.");
  }

 private:
  std::string_view format() const override { return "drawbridge.storage-lmdb/1"; }

  std::unique_ptr<storage::Database> open(Host& host, std::shared_ptr<storage::Condition>) override {
    static_cast<storage::Settings&>(lmdb_) = settings_;
    lmdb_.map_bytes = std::min(lmdb_.map_bytes, lmdb_.max_map_bytes);
    return std::make_unique<lmdb::Database>(lmdb_, host.log());
  }

  storage::Adjust adjust() const override {
    return [s = lmdb_](storage::Database& database) { static_cast<lmdb::Database&>(database).adjust(s); };
  }

  lmdb::Settings lmdb_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::LmdbStorage, "storage.lmdb", "0.1.0",
                  "Keeps records and blobs in LMDB, durable when a commit returns; reads come out of mapped memory.")
