// storage.example keeps records in a sorted map, and all of them in one file, which every batch replaces: slow for much
// data, simple, and nothing that was acknowledged is lost. What each method promises stands in drawbridge/records.h.
#include <filesystem>
#include <map>
#include <mutex>

#include "drawbridge/cbor.h"
#include "drawbridge/files.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

// A component is a class that derives from the facets it offers; this one offers Records.
class ExampleStorage final : public Records {
 public:
  // One list parses, bounds and documents the options; `drawbridge describe` prints it.
  void options(Options& o) override {
    o.required_path("path", path_, "The file that keeps the records; its folder must exist.");
    o.size("max_bytes", max_bytes_, {1_KiB, 1_GiB}, "Refuse what would make the file larger than this.");
  }

  // The first moment with side effects. A disk may block, so its work goes to the blocking pool.
  Task<> start(Host& host) override {
    host_ = &host;
    const auto work = [this] { load(); };  // named, because gcc 12 mishandles temporaries inside a co_await
    co_await host.blocking(work);
  }

  Task<std::optional<Bytes>> get(Key key) override {
    const std::lock_guard lock(map_mutex_);  // short, and never held across a co_await
    const auto found = records_.find(key);
    co_return found == records_.end() ? std::nullopt : std::optional(found->second);
  }

  // A page of the keys that start with `prefix` and come after `after`; it ends early when it has become large.
  Task<Page> scan(Key prefix, Key after, std::size_t limit) override {
    if (limit < 1 || limit > max_page) throw Error(Code::invalid, "a page has 1 to 4096 records");
    Page page;
    std::uint64_t bytes = 0;
    const std::lock_guard lock(map_mutex_);
    auto at = after < prefix ? records_.lower_bound(prefix) : records_.upper_bound(after);
    for (; at != records_.end() && at->first.starts_with(prefix); ++at) {
      page.more = page.records.size() == limit || bytes > max_page_bytes;
      if (page.more) break;
      page.records.push_back({at->first, at->second});
      bytes += at->second.size();
    }
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();  // every storage has the same bounds
    const auto work = [this, &batch] { apply(batch); };
    co_await host_->blocking(work);
  }

 private:
  // On the blocking pool, one batch at a time. Readers wait for the map alone, never for the disk.
  void apply(const Batch& batch) {
    const std::lock_guard lock(commit_mutex_);
    for (const auto& [key, value] : batch.expectations()) {
      const auto found = records_.find(key);
      const bool holds = value ? found != records_.end() && found->second == *value : found == records_.end();
      if (!holds) throw Error(Code::conflict, "a precondition of the batch does not hold");
    }
    auto records = records_;
    for (const auto& [key, value] : batch.changes())
      value ? void(records.insert_or_assign(key, *value)) : void(records.erase(key));
    CborArray list;
    for (const auto& [key, value] : records) list.push_back(CborArray{to_bytes(key), value});
    const Bytes content = encode(list);
    if (content.size() > max_bytes_)
      throw Error(Code::too_large, "the storage is full: max_bytes is " + size_text(max_bytes_), "raise max_bytes");
    write_file(path_, content, 0600);  // the old content or the new, whatever happens
    const std::lock_guard map_lock(map_mutex_);
    records_ = std::move(records);
  }

  void load() {
    if (!std::filesystem::exists(path_)) return;
    for (const auto& pair : decode_cbor(read_file(path_, 1_GiB)).array())
      records_.emplace(to_text(pair.array().at(0).bytes()), pair.array().at(1).bytes());
  }

  std::string path_;
  std::uint64_t max_bytes_ = 256_MiB;
  Host* host_ = nullptr;
  std::mutex commit_mutex_, map_mutex_;  // taken in this order
  std::map<Key, Bytes> records_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::ExampleStorage, "storage.example", "0.1.0", "Keeps records in one file.")
