#include "drawbridge/storage/engine_storage.h"

#include "blob_store.h"
#include "blob_writer.h"
#include "drawbridge/handover.h"
#include "engine.h"

namespace drawbridge::storage {
namespace {

// A page that is longer, or heavier, is collected on the blocking pool.
constexpr std::size_t inline_page = 64;
constexpr std::uint64_t inline_page_bytes = 128_KiB;

}  // namespace

EngineStorage::EngineStorage() = default;
EngineStorage::~EngineStorage() = default;

Task<> EngineStorage::start(Host& host) {
  settings_.name = host.name();
  // A folder is opened once. Whatever else has changed, the open database takes.
  if (const auto old = adopt<EngineStorage>(host);
      old && old->engine_ && old->format() == format() && old->settings_.path == settings_.path) {
    old->engine_->join(this, settings_, adjust());
    const std::lock_guard lock(starting_);
    engine_ = old->engine_;
    co_return;
  }
  auto engine = std::make_shared<Engine>(settings_, host);
  auto open_all = [&] { engine->open(format(), [&] { return open(host, engine->condition); }); };
  co_await host.blocking(open_all);
  engine->join(this, settings_, adjust());
  const std::lock_guard lock(starting_);
  engine_ = std::move(engine);
}

Task<> EngineStorage::stop() {
  if (!engine_) co_return;
  const bool last = co_await engine_->leave(this);
  if (last) co_await engine_->close();
}

Health EngineStorage::health() const {
  const std::lock_guard lock(starting_);
  return engine_ ? engine_->condition->health() : Health{};
}

Task<std::optional<Bytes>> EngineStorage::get(Key key) {
  const auto pass = engine_->gate.enter();
  std::optional<Bytes> value;
  if (key.empty() || key.size() > Records::max_key_bytes) co_return value;
  const Found found = [&value](BytesView bytes) { value.emplace(bytes.begin(), bytes.end()); };
  const auto answer = engine_->database->get(Table::records, key, Tier::cached, found);
  if (answer == Answer::not_cached) co_await engine_->lookup(Table::records, key, found);
  co_return value;
}

Task<Records::Page> EngineStorage::scan(Key prefix, Key after, std::size_t limit) {
  const auto pass = engine_->gate.enter();
  if (limit < 1 || limit > Records::max_page) throw engine_->error(Code::invalid, "a page has 1 to 4096 records");
  Records::Page page;
  if (limit <= inline_page && collect(page, prefix, after, limit, Tier::cached)) co_return page;
  page = {};
  auto from_disk = [&] { collect(page, prefix, after, limit, Tier::any); };
  co_await engine_->host.blocking(from_disk);
  co_return page;
}

Task<> EngineStorage::commit(Batch batch) {
  batch.validate();
  const auto pass = engine_->gate.enter();
  Write write(std::move(batch));
  co_await engine_->committer->commit(std::move(write));
}

Task<std::unique_ptr<BlobWriter>> EngineStorage::create() {
  const auto pass = engine_->gate.enter();
  co_return make_blob_writer(engine_);
}

Task<std::optional<BlobInfo>> EngineStorage::stat(std::string id) {
  const auto pass = engine_->gate.enter();
  co_return co_await stat_blob(*engine_, std::move(id));
}

Task<std::size_t> EngineStorage::read(std::string id, std::uint64_t offset, MutableBytes out) {
  const auto pass = engine_->gate.enter();
  co_return co_await read_blob(*engine_, std::move(id), offset, out);
}

Task<bool> EngineStorage::erase(std::string id) {
  const auto pass = engine_->gate.enter();
  co_return co_await erase_blob(*engine_, std::move(id));
}

Task<Blobs::Page> EngineStorage::list(std::string after, std::size_t limit) {
  const auto pass = engine_->gate.enter();
  co_return co_await list_blobs(*engine_, std::move(after), limit);
}

/// One page in one snapshot; false when `tier` does not suffice.
bool EngineStorage::collect(Records::Page& page, const Key& prefix, const Key& after, std::size_t limit,
                            Tier tier) const {
  const auto from = after < prefix ? prefix : after + '\0';
  const bool cached = tier == Tier::cached;
  std::uint64_t bytes = 0;
  bool heavy = false;
  auto add = [&](std::string_view key, BytesView value) {
    page.more = page.records.size() == limit || bytes > Records::max_page_bytes;
    heavy = cached && bytes > inline_page_bytes;
    if (page.more || heavy) return false;
    page.records.push_back({Key(key), to_bytes(value)});
    bytes += value.size();
    return true;
  };
  return engine_->database->visit(Table::records, prefix, from, tier, std::ref(add)) && !heavy;
}

}  // namespace drawbridge::storage
