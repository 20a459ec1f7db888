// storage.cache remembers what was read from another storage and what was written through it: records, and blobs that
// are small or read in small parts. Scans and lists go to the storage below. The rules that keep an entry true while
// others write are in entries.h; they hold as long as every write goes through this cache.
#include <algorithm>
#include <map>

#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/storage.h"
#include "entries.h"

namespace drawbridge {
namespace {

using caching::Change;
using caching::Entries;
using caching::Fill;

// Blobs are remembered in blocks of this size; a shorter one is the last of its blob.
constexpr std::uint64_t block_bytes = 64_KiB;

// Subjects of entries: a record, or a blob with its size as part 0 and its blocks from 1.
std::string record_subject(const Key& key) {
  return "r" + key;
}
std::string blob_subject(const std::string& id) {
  return "b" + id;
}

class CacheStorage final : public Records, public Blobs, public std::enable_shared_from_this<CacheStorage> {
 public:
  void options(Options& o) override {
    o.use("over", over_, "The storage that does the work; nothing else may write to it.");
    o.size("max_bytes", max_bytes_, {1_MiB, 1_TiB}, "Memory for what is remembered.");
    o.size("max_value", max_value_, {0, 16_MiB}, "Larger values of records are not remembered.");
    o.size("max_read", max_read_, {0, 64_MiB},
           "Longer reads of a blob are not remembered, so that streams leave room.");
  }

  Task<> start(Host& host) override {
    blobs_ = blobs_of(*over_);
    // While a reload changes over, writes go through the old cache and this one.
    const auto before = std::dynamic_pointer_cast<CacheStorage>(host.predecessor());
    if (before) entries_ = before->entries_;
    view_ = before && &*before->over_ == &*over_ ? before->view_ : entries_->new_view();
    entries_->limit(max_bytes_);
    co_return;
  }

  Health health() const override {
    return {Health::State::ok, std::to_string(entries_->hits.load()) + " hits, " +
                                   std::to_string(entries_->misses.load()) + " misses, " +
                                   size_text(entries_->bytes()) + " of " + size_text(max_bytes_)};
  }

  Task<std::optional<Bytes>> get(Key key) override {
    const auto subject = record_subject(key);
    if (const auto hit = entries_->find(view_, subject, 0)) co_return *hit;
    Fill fill(*entries_, view_, subject);
    auto value = co_await over_->get(std::move(key));
    if (worth(value)) fill.keep(0, value);
    co_return value;
  }

  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    return over_->scan(std::move(prefix), std::move(after), limit);
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    std::map<std::string, std::optional<caching::Value>> written;  // the last change of each key, if it is worth it
    for (const auto& change : batch.changes()) {
      auto& last = written[record_subject(change.key)];
      last.reset();
      if (worth(change.value)) last.emplace(change.value);
    }
    std::vector<std::string> subjects;
    for (const auto& [subject, value] : written) subjects.push_back(subject);
    Change change(*entries_, view_, std::move(subjects));
    co_await over_->commit(std::move(batch));
    for (auto& [subject, value] : written) {
      if (value) change.keep(subject, std::move(*value));
    }
  }

  Task<std::unique_ptr<BlobWriter>> create() override {
    auto writer = co_await need_blobs(blobs_).create();
    co_return std::make_unique<Writer>(shared_from_this(), std::move(writer));
  }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    auto& blobs = need_blobs(blobs_);
    const auto subject = blob_subject(id);
    if (const auto hit = entries_->find(view_, subject, 0)) {
      if (!*hit) co_return std::nullopt;
      co_return BlobInfo{std::move(id), load_u64be(**hit)};
    }
    Fill fill(*entries_, view_, subject);
    const auto info = co_await blobs.stat(std::move(id));
    std::optional<Bytes> size;
    if (info) append_u64be(size.emplace(), info->size);
    fill.keep(0, std::move(size));
    co_return info;
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    auto& blobs = need_blobs(blobs_);
    const bool whole_blocks = out.size() <= max_read_ && offset <= UINT64_MAX - block_bytes - out.size();
    if (!whole_blocks || out.empty()) co_return co_await blobs.read(std::move(id), offset, out);
    std::size_t got = 0;
    while (got < out.size()) {
      const auto at = offset + got;
      const auto block = co_await load(id, at / block_bytes);
      const auto& bytes = **block;
      const auto rest = BytesView(bytes).subspan(std::min<std::size_t>(at % block_bytes, bytes.size()));
      const auto part = rest.first(std::min(rest.size(), out.size() - got));
      std::ranges::copy(part, out.begin() + static_cast<std::ptrdiff_t>(got));
      got += part.size();
      if (bytes.size() < block_bytes) break;
    }
    co_return got;
  }

  Task<bool> erase(std::string id) override {
    auto& blobs = need_blobs(blobs_);
    Change change(*entries_, view_, {blob_subject(id)});
    const bool erased = co_await blobs.erase(std::move(id));
    co_return erased;
  }

  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    co_return co_await need_blobs(blobs_).list(std::move(after), limit);
  }

 private:
  class Writer final : public BlobWriter {
   public:
    Writer(std::shared_ptr<CacheStorage> cache, std::unique_ptr<BlobWriter> writer)
        : cache_(std::move(cache)), writer_(std::move(writer)) {}
    Task<> write(BytesView bytes) override { return writer_->write(bytes); }
    Task<> commit(std::string id) override {
      Change change(*cache_->entries_, cache_->view_, {blob_subject(id)});
      co_await writer_->commit(std::move(id));
    }

   private:
    const std::shared_ptr<CacheStorage> cache_;
    const std::unique_ptr<BlobWriter> writer_;
  };

  bool worth(const std::optional<Bytes>& value) const { return !value || value->size() <= max_value_; }

  /// A block of a blob, from here or from below; never nothing.
  Task<caching::Shared> load(std::string id, std::uint64_t number) {
    const auto subject = blob_subject(id);
    if (auto hit = entries_->find(view_, subject, number + 1)) co_return hit;
    Fill fill(*entries_, view_, subject);
    Bytes bytes(block_bytes);
    const std::size_t got = co_await blobs_->read(std::move(id), number * block_bytes, bytes);
    bytes.resize(got);
    bytes.shrink_to_fit();
    fill.keep(number + 1, bytes);
    co_return std::make_shared<const caching::Value>(std::move(bytes));
  }

  Ref<Records> over_;
  Blobs* blobs_ = nullptr;
  std::uint64_t max_bytes_ = 64_MiB;
  std::uint64_t max_value_ = 256_KiB;
  std::uint64_t max_read_ = 1_MiB;
  std::uint64_t view_ = 0;
  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::CacheStorage, "storage.cache", "0.1.0",
                  "Remembers what was read from another storage or written through it, within a bound in bytes.")
