#include "blob_store.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace drawbridge::storage {
namespace {

// Up to here a copy out of the page cache takes less time than a trip to the blocking pool.
constexpr std::size_t inline_read_bytes = 128_KiB;
constexpr std::size_t inline_page = 64;

/// What the page cache has of the range; does not block.
std::size_t read_cached(const File& file, std::uint64_t offset, MutableBytes out) {
  std::size_t got = 0;
  while (got < out.size()) {
    const iovec part = {out.data() + got, out.size() - got};
    const ssize_t count = ::preadv2(file.get(), &part, 1, static_cast<off_t>(offset + got), RWF_NOWAIT);
    if (count <= 0) break;
    got += static_cast<std::size_t>(count);
  }
  return got;
}

/// Fills `out`; the caller knows that the file is long enough, so a shorter one is damaged.
void read_all(const Engine& engine, const File& file, std::uint64_t offset, MutableBytes out) {
  while (!out.empty()) {
    const ssize_t count = ::pread(file.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw file_error(engine.settings, "read a blob", errno);
    if (count == 0) throw engine.error(Code::corrupt, "the file of a blob is shorter than its index entry says");
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

/// False when there is no such content.
Task<bool> read_content(Engine& engine, Entry entry, std::uint64_t offset, MutableBytes out) {
  const auto key = content_key(entry.token);
  auto copy = [&](BytesView value) {
    if (value.size() != entry.size) throw engine.error(Code::corrupt, "a blob has not the size of its index entry");
    std::ranges::copy(value.subspan(offset, out.size()), out.begin());
  };
  const Found found = std::ref(copy);
  co_return co_await engine.lookup(Table::contents, key, found);
}

/// False when there is no such file.
Task<bool> read_file_part(Engine& engine, std::string id, Entry entry, std::uint64_t offset, MutableBytes out) {
  auto file = engine.files.cached(entry.token);
  std::size_t got = 0;
  if (file && out.size() <= inline_read_bytes) got = read_cached(*file, offset, out);
  if (file && got == out.size()) co_return true;
  auto rest = [&] {
    if (!file) file = engine.files.open(id, entry.token);
    if (file) read_all(engine, *file, offset + got, out.subspan(got));
  };
  co_await engine.host.blocking(rest);
  co_return file != nullptr;
}

}  // namespace

Task<std::optional<BlobInfo>> stat_blob(Engine& engine, std::string id) {
  const auto entry = co_await engine.find_blob(id);
  if (!entry) co_return std::nullopt;
  co_return BlobInfo{std::move(id), entry->size};
}

Task<std::size_t> read_blob(Engine& engine, std::string id, std::uint64_t offset, MutableBytes out) {
  std::optional<Entry> missed;
  for (;;) {
    const auto entry = co_await engine.find_blob(id);
    if (!entry) throw engine.error(Code::not_found, "no blob '" + id + "'");
    // Bytes may go between the look into the index and the look for them. Then the index has changed too.
    if (entry == missed) throw engine.error(Code::corrupt, "the bytes of blob '" + id + "' are missing");
    if (offset >= entry->size || out.empty()) co_return 0;
    const auto part = out.first(std::min<std::uint64_t>(out.size(), entry->size - offset));
    bool found = false;
    if (entry->kind == Entry::Kind::content) {
      found = co_await read_content(engine, *entry, offset, part);
    } else {
      found = co_await read_file_part(engine, id, *entry, offset, part);
    }
    if (found) co_return part.size();
    missed = entry;
  }
}

Task<bool> erase_blob(Engine& engine, std::string id) {
  if (!co_await engine.find_blob(id)) co_return false;
  engine.begin_leftover();
  BlobErase erase{id};
  const auto previous = co_await engine.committer->commit(std::move(erase));
  bool settled = true;
  if (previous && previous->kind == Entry::Kind::file) {
    auto remove = [&] { settled = engine.files.remove(id, previous->token); };
    co_await engine.host.blocking(remove);
  }
  if (settled) engine.end_leftover();
  co_return previous.has_value();
}

Task<Blobs::Page> list_blobs(Engine& engine, std::string after, std::size_t limit) {
  if (limit < 1 || limit > Blobs::max_page) throw engine.error(Code::invalid, "a page has 1 to 4096 blobs");
  Blobs::Page page;
  const auto from = after.empty() ? after : after + '\0';
  auto collect = [&](std::string_view id, BytesView value) {
    page.more = page.blobs.size() == limit;
    if (page.more) return false;
    const auto entry = decode_entry(value);
    if (!entry) throw damaged_entry(engine.settings, std::string(id));
    page.blobs.push_back({std::string(id), entry->size});
    return true;
  };
  const Visit add = std::ref(collect);
  if (limit <= inline_page && engine.database->visit(Table::blobs, {}, from, Tier::cached, add)) co_return page;
  page = {};
  auto from_disk = [&] { engine.database->visit(Table::blobs, {}, from, Tier::any, add); };
  co_await engine.host.blocking(from_disk);
  co_return page;
}

}  // namespace drawbridge::storage
