// storage.memory keeps records and blobs in RAM and forgets them when the node stops: for tests, caches, and as the
// example of a storage plugin. No method waits for anything, so each runs inline under one short lock.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "drawbridge/blobs.h"
#include "drawbridge/differences.h"
#include "drawbridge/handover.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

/// What is stored. A storage that replaces another of its name in a reload goes on with the same.
struct Content {
  std::mutex mutex;
  std::uint64_t used = 0;
  std::map<Key, Bytes> records;  // std::string compares as unsigned bytes
  std::map<std::string, Bytes> blobs;
};

class MemoryStorage final : public Records,
                            public Blobs,
                            public Differences,
                            public std::enable_shared_from_this<MemoryStorage> {
 public:
  std::vector<Difference> differences() const override {
    const std::string reason = "everything is in memory, and lost when the node stops";
    return {{"records.SurvivesARestart", reason}, {"blobs.SurvivesARestart", reason}};
  }

  void options(Options& o) override {
    o.size("max_bytes", max_bytes_, {1_MiB, 1_TiB}, "Refuse what would take more memory than this.");
  }

  /// Each has the bound of its own configuration: with a smaller one than is used already, nothing more is taken.
  Task<> start(Host& host) override {
    if (const auto old = adopt<MemoryStorage>(host)) content_ = old->content_;
    co_return;
  }

  Task<std::optional<Bytes>> get(Key key) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->records.find(key);
    co_return found == content_->records.end() ? std::nullopt : std::optional(found->second);
  }

  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    if (limit < 1 || limit > Records::max_page) throw Error(Code::invalid, "a page has 1 to 4096 records");
    Records::Page page;
    std::uint64_t bytes = 0;  // as the page grows
    const std::lock_guard lock(content_->mutex);
    auto at = after < prefix ? content_->records.lower_bound(prefix) : content_->records.upper_bound(after);
    for (; at != content_->records.end() && at->first.starts_with(prefix); ++at) {
      page.more = page.records.size() == limit || bytes > Records::max_page_bytes;
      if (page.more) break;
      page.records.push_back({at->first, at->second});
      bytes += at->second.size();
    }
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    std::map<Key, std::optional<Bytes>> changes;
    for (const auto& change : batch.changes()) changes.insert_or_assign(change.key, change.value);
    const std::lock_guard lock(content_->mutex);
    for (const auto& [key, value] : batch.expectations()) {
      const auto found = content_->records.find(key);
      const bool holds =
          value ? found != content_->records.end() && found->second == *value : found == content_->records.end();
      if (!holds) throw Error(Code::conflict, "a precondition of the batch does not hold");
    }
    std::uint64_t freed = 0, added = 0;
    for (const auto& [key, value] : changes) {
      if (const auto old = content_->records.find(key); old != content_->records.end()) freed += cost(key, old->second);
      if (value) added += cost(key, *value);
    }
    account(freed, added);  // the last that can refuse: no batch is applied by halves
    for (auto& [key, value] : changes) {
      content_->records.erase(key);
      if (value) content_->records.emplace(key, std::move(*value));
    }
    co_return;
  }

  Task<std::unique_ptr<BlobWriter>> create() override { co_return std::make_unique<Writer>(shared_from_this()); }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->blobs.find(id);
    co_return found == content_->blobs.end() ? std::nullopt : std::optional(BlobInfo{id, found->second.size()});
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->blobs.find(id);
    if (found == content_->blobs.end()) throw Error(Code::not_found, "no blob '" + id + "'");
    const auto rest = BytesView(found->second).subspan(std::min<std::uint64_t>(offset, found->second.size()));
    co_return std::ranges::copy(rest.first(std::min(rest.size(), out.size())), out.begin()).out - out.begin();
  }

  Task<bool> erase(std::string id) override {
    const std::lock_guard lock(content_->mutex);
    const auto blob = content_->blobs.extract(id);
    if (blob) account(cost(id, blob.mapped()), 0);
    co_return bool(blob);
  }

  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    if (limit < 1 || limit > Blobs::max_page) throw Error(Code::invalid, "a page has 1 to 4096 blobs");
    Blobs::Page page;
    const std::lock_guard lock(content_->mutex);
    auto at = content_->blobs.upper_bound(after);
    for (; at != content_->blobs.end() && page.blobs.size() < limit; ++at)
      page.blobs.push_back({at->first, at->second.size()});
    page.more = at != content_->blobs.end();
    co_return page;
  }

 private:
  /// Bytes of unfinished writers count too; they are given back when the writer goes.
  class Writer final : public BlobWriter {
   public:
    explicit Writer(std::shared_ptr<MemoryStorage> storage) : storage_(std::move(storage)) {}
    ~Writer() override {
      const std::lock_guard lock(storage_->content_->mutex);
      storage_->account(bytes_.size(), 0);
    }
    Task<> write(BytesView bytes) override {
      const std::lock_guard lock(storage_->content_->mutex);
      storage_->account(0, bytes.size());
      append(bytes_, bytes);
      co_return;
    }
    Task<> commit(std::string id) override {
      if (!is_blob_id(id)) throw Error(Code::invalid, "'" + id + "' cannot name a blob");
      const std::lock_guard lock(storage_->content_->mutex);
      if (storage_->content_->blobs.contains(id)) co_return;
      storage_->account(0, cost(id, {}));
      storage_->content_->blobs.emplace(id, std::exchange(bytes_, {}));
    }

   private:
    const std::shared_ptr<MemoryStorage> storage_;
    Bytes bytes_;
  };

  /// 128 is about what the node of a map costs.
  static std::uint64_t cost(const Key& key, const Bytes& value) { return key.size() + value.size() + 128; }
  /// With the lock held: accounts for bytes that go and bytes that come, or throws.
  void account(std::uint64_t freed, std::uint64_t added) {
    if (added > freed && content_->used + (added - freed) > max_bytes_) {
      throw Error(Code::too_large, "the storage in memory is full: max_bytes is " + size_text(max_bytes_),
                  "raise max_bytes, or use storage.rocksdb");
    }
    content_->used = content_->used + added - freed;
  }

  std::uint64_t max_bytes_ = 256_MiB;
  std::shared_ptr<Content> content_ = std::make_shared<Content>();
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::MemoryStorage, "storage.memory", "0.1.0",
                  "Keeps records and blobs in RAM; for tests and caches: everything is gone when the node stops.")
