// test.records: records in RAM that outlive the node, and fail on demand.
#include "records.h"

#include <mutex>

#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

struct Content {
  std::mutex mutex;
  std::map<Key, Bytes> map;
};

Content& content_of(const std::string& store) {
  static std::mutex mutex;
  static std::map<std::string, Content> all;
  const std::lock_guard lock(mutex);
  return all[store];
}

class TestRecords final : public Records, public test::Faults {
 public:
  void options(Options& o) override { o.text("store", store_, "Which content."); }

  Task<> start(Host& host) override {
    host_ = &host;
    content_ = &content_of(store_);
    co_return;
  }

  Task<std::optional<Bytes>> get(Key key) override {
    if (deaf_) throw Error(Code::unavailable, "test.records is told not to read");
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->map.find(key);
    if (found == content_->map.end()) co_return std::nullopt;
    co_return found->second;
  }

  Task<Page> scan(Key prefix, Key after, std::size_t limit) override {
    if (limit < 1 || limit > max_page) throw Error(Code::invalid, "a page has 1 to 4096 records");
    Page page;
    const std::lock_guard lock(content_->mutex);
    auto at = after < prefix ? content_->map.lower_bound(prefix) : content_->map.upper_bound(after);
    for (; at != content_->map.end() && at->first.starts_with(prefix); ++at) {
      page.more = page.records.size() == limit;
      if (page.more) break;
      page.records.push_back({at->first, at->second});
    }
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    ++commits_;
    while (gate_) co_await host_->sleep(Milliseconds(1));
    const Mode mode = mode_;
    if (mode != Mode::refuse) apply(batch);
    if (mode != Mode::none) throw Error(Code::unavailable, "test.records is told to fail");
  }

  std::atomic<Mode>& mode() override { return mode_; }
  std::atomic<bool>& deaf() override { return deaf_; }
  std::atomic<bool>& gate() override { return gate_; }
  std::atomic<int>& commits() override { return commits_; }

  std::map<Key, Bytes> content() override {
    const std::lock_guard lock(content_->mutex);
    return content_->map;
  }
  void set_content(std::map<Key, Bytes> map) override {
    const std::lock_guard lock(content_->mutex);
    content_->map = std::move(map);
  }

 private:
  void apply(const Batch& batch) {
    const std::lock_guard lock(content_->mutex);
    for (const auto& [key, value] : batch.expectations()) {
      const auto found = content_->map.find(key);
      const bool holds = value ? found != content_->map.end() && found->second == *value : found == content_->map.end();
      if (!holds) throw Error(Code::conflict, "a precondition does not hold");
    }
    for (const auto& [key, value] : batch.changes()) {
      if (value) {
        content_->map.insert_or_assign(key, *value);
      } else {
        content_->map.erase(key);
      }
    }
  }

  std::string store_ = "main";
  Host* host_ = nullptr;
  Content* content_ = nullptr;
  std::atomic<Mode> mode_ = Mode::none;
  std::atomic<bool> deaf_ = false;
  std::atomic<bool> gate_ = false;
  std::atomic<int> commits_ = 0;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::TestRecords, "test.records", "0.1.0", "Records that fail on demand, for tests.")
