// test.storage: records and blobs in RAM that outlive the node, with a back door.
#include "storage.h"

#include <mutex>

#include "drawbridge/blobs.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

struct Content {
  std::mutex mutex;
  std::map<Key, Bytes> records;
  std::map<std::string, Bytes> blobs;
  std::function<void(const Batch&)> before_commit;
  std::atomic<int> failing_commits = 0;
  std::atomic<int> open_writers = 0;
  std::atomic<std::size_t> room_for_blobs = SIZE_MAX;
};

Content& content_of(const std::string& store) {
  static std::mutex mutex;
  static std::map<std::string, Content> all;
  const std::lock_guard lock(mutex);
  return all[store];
}

class Writer final : public BlobWriter {
 public:
  explicit Writer(Content& content) : content_(content) { ++content_.open_writers; }
  ~Writer() override { --content_.open_writers; }
  Task<> write(BytesView bytes) override {
    if (bytes_.size() + bytes.size() > content_.room_for_blobs) throw Error(Code::unavailable, "the disk is full");
    append(bytes_, bytes);
    co_return;
  }
  Task<> commit(std::string id) override {
    if (!is_blob_id(id)) throw Error(Code::invalid, "no id of a blob");
    const std::lock_guard lock(content_.mutex);
    content_.blobs.emplace(std::move(id), std::move(bytes_));
    co_return;
  }

 private:
  Content& content_;
  Bytes bytes_;
};

class TestStorage final : public Records, public Blobs, public test::Backdoor {
 public:
  void options(Options& o) override { o.required_text("store", store_, "Which content."); }

  Task<> start(Host&) override {
    content_ = &content_of(store_);
    co_return;
  }

  Task<std::optional<Bytes>> get(Key key) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->records.find(key);
    if (found == content_->records.end()) co_return std::nullopt;
    co_return found->second;
  }

  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    if (limit < 1 || limit > Records::max_page) throw Error(Code::invalid, "a page has 1 to 4096 records");
    Records::Page page;
    const std::lock_guard lock(content_->mutex);
    const auto& all = content_->records;
    auto at = after < prefix ? all.lower_bound(prefix) : all.upper_bound(after);
    for (; at != all.end() && at->first.starts_with(prefix); ++at) {
      page.more = page.records.size() == limit;
      if (page.more) break;
      page.records.push_back({at->first, at->second});
    }
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    std::function<void(const Batch&)> action;
    {
      const std::lock_guard lock(content_->mutex);
      action = content_->before_commit;
    }
    if (action) action(batch);
    if (content_->failing_commits > 0) {
      --content_->failing_commits;
      throw Error(Code::unavailable, "test.storage is told to fail");
    }
    const std::lock_guard lock(content_->mutex);
    auto& all = content_->records;
    for (const auto& [key, value] : batch.expectations()) {
      const auto found = all.find(key);
      const bool holds = value ? found != all.end() && found->second == *value : found == all.end();
      if (!holds) throw Error(Code::conflict, "a precondition does not hold");
    }
    for (const auto& [key, value] : batch.changes()) {
      all.erase(key);
      if (value) all.emplace(key, *value);
    }
    co_return;
  }

  Task<std::unique_ptr<BlobWriter>> create() override { co_return std::make_unique<Writer>(*content_); }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->blobs.find(id);
    if (found == content_->blobs.end()) co_return std::nullopt;
    co_return BlobInfo{id, found->second.size()};
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->blobs.find(id);
    if (found == content_->blobs.end()) throw Error(Code::not_found, "no such blob");
    const BytesView all(found->second);
    const BytesView rest = all.subspan(std::min<std::uint64_t>(offset, all.size()));
    const std::size_t count = std::min(rest.size(), out.size());
    std::copy_n(rest.begin(), count, out.begin());
    co_return count;
  }

  Task<bool> erase(std::string id) override {
    const std::lock_guard lock(content_->mutex);
    co_return content_->blobs.erase(id) != 0;
  }

  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    Blobs::Page page;
    const std::lock_guard lock(content_->mutex);
    auto at = content_->blobs.upper_bound(after);
    for (; at != content_->blobs.end() && page.blobs.size() < limit; ++at) {
      page.blobs.push_back({at->first, at->second.size()});
    }
    page.more = at != content_->blobs.end();
    co_return page;
  }

  std::map<Key, Bytes> records() override {
    const std::lock_guard lock(content_->mutex);
    return content_->records;
  }
  std::map<std::string, Bytes> blobs() override {
    const std::lock_guard lock(content_->mutex);
    return content_->blobs;
  }
  void put_blob(const std::string& id, Bytes bytes) override {
    const std::lock_guard lock(content_->mutex);
    content_->blobs.insert_or_assign(id, std::move(bytes));
  }
  std::atomic<int>& failing_commits() override { return content_->failing_commits; }
  void before_commit(std::function<void(const Batch&)> action) override {
    const std::lock_guard lock(content_->mutex);
    content_->before_commit = std::move(action);
  }
  int open_writers() override { return content_->open_writers; }
  std::atomic<std::size_t>& room_for_blobs() override { return content_->room_for_blobs; }

 private:
  std::string store_;
  Content* content_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::TestStorage, "test.storage", "0.1.0", "Records and blobs with a back door, for tests.")
