// storage.rocksdb keeps records, and blobs up to a size, in RocksDB, and larger blobs in files beside it. The layout on
// the disk is in docs/formats/storage-rocksdb.md.
#include "blob_store.h"
#include "blob_writer.h"
#include "drawbridge/handover.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

using rocks::Column;
using rocks::Engine;

// A page that is longer, or heavier, is collected on the blocking pool.
constexpr std::size_t inline_page = 64;
constexpr std::uint64_t inline_page_bytes = 128_KiB;

class RocksStorage final : public Records, public Blobs {
 public:
  void options(Options& o) override {
    auto& s = settings_;
    o.required_path("path", s.path, "Folder of the database; made when missing, and for this storage alone.");
    o.flag("sync", s.sync,
           "Wait until a commit survives a power loss; without it a commit survives only the end of the process.");
    o.size("cache", s.cache_bytes, {1_MiB, 64_GiB}, "Memory for blocks that were read.");
    o.size("write_buffer", s.write_buffer_bytes, {1_MiB, 1_GiB}, "Memory for what was written lately.");
    o.size("blob_inline_max", s.blob_inline_max, {0, 1_MiB},
           "Blobs up to this size live in the database, larger ones in files.");
    o.size("max_blob_bytes", s.max_blob_bytes, {1_MiB, 1024 * 1_TiB}, "Refuse a larger blob.");
    o.size("max_batch_bytes", s.max_batch_bytes, {17_MiB, 1_GiB},
           "Refuse a larger batch of records; twice as much may be queued.");
    o.number("max_queue", s.max_queue, {16, 1'000'000},
             "Commits that may wait; the next one is told that the storage is busy.");
    o.number("max_open_files", s.max_open_files, {32, 100'000}, "Files that the database may hold open.");
    o.flag("drop_damaged_log", s.drop_damaged_log,
           "Open a database with a damaged log, without the damage and all that was committed behind it.");
  }

  Task<> start(Host& host) override {
    settings_.name = host.name();
    // A folder is opened once. Whatever else has changed, the open database takes.
    if (const auto old = adopt<RocksStorage>(host); old && old->engine_ && old->settings_.path == settings_.path) {
      old->engine_->join(this, settings_);
      const std::lock_guard lock(starting_);
      engine_ = old->engine_;
      co_return;
    }
    auto engine = std::make_shared<Engine>(settings_, host);
    auto open = [&] { engine->open(); };
    co_await host.blocking(open);
    engine->join(this, settings_);
    const std::lock_guard lock(starting_);
    engine_ = std::move(engine);
  }

  Task<> stop() override {
    if (!engine_) co_return;
    const bool last = co_await engine_->leave(this);
    if (last) co_await engine_->close();
  }

  Health health() const override {
    const std::lock_guard lock(starting_);
    return engine_ ? engine_->condition->health() : Health{};
  }

  Task<std::optional<Bytes>> get(Key key) override {
    const auto pass = engine_->gate.enter();
    rocksdb::PinnableSlice value;
    auto answer = engine_->database->get(Column::records, key, rocks::Tier::cached, value);
    if (answer == rocks::Answer::not_cached) answer = co_await engine_->lookup(Column::records, key, value);
    if (answer == rocks::Answer::absent) co_return std::nullopt;
    co_return to_bytes(rocks::bytes_of(value));
  }

  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    const auto pass = engine_->gate.enter();
    if (limit < 1 || limit > Records::max_page) throw engine_->error(Code::invalid, "a page has 1 to 4096 records");
    Records::Page page;
    if (limit <= inline_page && collect(page, prefix, after, limit, rocks::Tier::cached)) co_return page;
    page = {};
    auto from_disk = [&] { collect(page, prefix, after, limit, rocks::Tier::any); };
    co_await engine_->host.blocking(from_disk);
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    const auto pass = engine_->gate.enter();
    rocks::Write write(std::move(batch));
    co_await engine_->committer->commit(std::move(write));
  }

  Task<std::unique_ptr<BlobWriter>> create() override {
    const auto pass = engine_->gate.enter();
    co_return rocks::make_blob_writer(engine_);
  }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    const auto pass = engine_->gate.enter();
    co_return co_await rocks::stat_blob(*engine_, std::move(id));
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    const auto pass = engine_->gate.enter();
    co_return co_await rocks::read_blob(*engine_, std::move(id), offset, out);
  }

  Task<bool> erase(std::string id) override {
    const auto pass = engine_->gate.enter();
    co_return co_await rocks::erase_blob(*engine_, std::move(id));
  }

  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    const auto pass = engine_->gate.enter();
    co_return co_await rocks::list_blobs(*engine_, std::move(after), limit);
  }

 private:
  /// One page in one snapshot; false when `tier` does not suffice.
  bool collect(Records::Page& page, const Key& prefix, const Key& after, std::size_t limit, rocks::Tier tier) const {
    const auto from = after < prefix ? prefix : after + '\0';
    const bool cached = tier == rocks::Tier::cached;
    std::uint64_t bytes = 0;
    bool heavy = false;
    auto add = [&](const rocksdb::Slice& key, const rocksdb::Slice& value) {
      page.more = page.records.size() == limit || bytes > Records::max_page_bytes;
      heavy = cached && bytes > inline_page_bytes;
      if (page.more || heavy) return false;
      page.records.push_back({key.ToString(), to_bytes(rocks::bytes_of(value))});
      bytes += value.size();
      return true;
    };
    return engine_->database->visit(Column::records, prefix, from, tier, add) && !heavy;
  }

  rocks::Settings settings_;
  mutable std::mutex starting_;  ///< `health` may be asked while `start` runs; the rest only after it.
  std::shared_ptr<Engine> engine_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::RocksStorage, "storage.rocksdb", "0.1.0",
                  "Keeps records and blobs on this machine's disk, durable when a commit returns; the default storage.")
