// Copies from the leader to the storage that is behind.
#include <algorithm>
#include <map>
#include <set>

#include "core.h"

namespace drawbridge::mirror {
namespace {

constexpr std::size_t page_records = 512;
constexpr std::size_t piece_bytes = 1_MiB;
constexpr std::uint64_t batch_bytes = 8_MiB;

/// Collects changes and commits them before they get too large.
class Changes {
 public:
  explicit Changes(Records& records) : records_(records) {}

  Task<> add(Key key, std::optional<Bytes> value) {
    const auto size = key.size() + (value ? value->size() : 0);
    if (bytes_ + size > batch_bytes || batch_.changes().size() >= page_records) co_await flush();
    bytes_ += size;
    if (value) {
      batch_.put(std::move(key), std::move(*value));
    } else {
      batch_.erase(std::move(key));
    }
  }

  Task<> flush() {
    if (batch_.empty()) co_return;
    Batch batch = std::move(batch_);
    batch_ = {};
    bytes_ = 0;
    co_await records_.commit(std::move(batch));
  }

 private:
  Records& records_;
  Batch batch_;
  std::uint64_t bytes_ = 0;
};

/// Also true when it is gone meanwhile, which is in the journal.
Task<bool> same_bytes(Blobs& source, Blobs& target, BlobInfo info) {
  const auto size = static_cast<std::size_t>(std::clamp<std::uint64_t>(info.size, 1, piece_bytes));
  Bytes one(size), other(size);
  for (std::uint64_t offset = 0; offset < info.size; offset += size) {
    std::size_t got = 0;
    try {
      got = co_await source.read(info.id, offset, one);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
    if (got == 0) co_return true;
    const std::size_t there = co_await target.read(info.id, offset, other);
    if (got != there || !std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(got), other.begin())) {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace

Task<> Core::replay(const std::vector<std::string>& subjects) {
  const int leader = state->role().leader;
  Changes changes(*sides[1 - leader].records);
  const std::set<std::string> unique(subjects.begin(), subjects.end());
  for (const auto& subject : unique) {
    auto name = subject.substr(1);
    if (subject.front() == 'b') {
      co_await copy_blob(leader, 1 - leader, std::move(name));
      continue;
    }
    auto value = co_await sides[leader].records->get(name);
    co_await changes.add(std::move(name), std::move(value));
  }
  co_await changes.flush();
}

Task<> Core::copy_blob(int from, int to, std::string id) {
  auto& source = *sides[from].blobs;
  auto& target = *sides[to].blobs;
  const auto info = co_await source.stat(id);
  const auto there = co_await target.stat(id);
  if (info == there) {
    // An id is the hash of the bytes, if whoever chose it kept to that.
    if (!info) co_return;
    const bool alike = co_await same_bytes(source, target, *info);
    if (alike) co_return;
  }
  if (there) co_await target.erase(id);
  if (!info) co_return;
  const auto writer = co_await target.create();
  Bytes piece(static_cast<std::size_t>(std::clamp<std::uint64_t>(info->size, 1, piece_bytes)));
  for (std::uint64_t offset = 0; offset < info->size;) {
    std::size_t got = 0;
    try {
      got = co_await source.read(id, offset, piece);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
    }
    if (got == 0) co_return;  // erased meanwhile, which is in the journal
    const auto part = BytesView(piece).first(got);
    co_await writer->write(part);
    offset += got;
  }
  co_await writer->commit(std::move(id));
}

/// Everything behind the cursor, which is noted after each page.
Task<> Core::copy_all() {
  std::uint64_t count = 0;
  for (bool more = true; more;) {
    auto role = state->role();
    auto& cursor = role.mark.cursor;
    bool in_records = !cursor.starts_with('b');
    std::string after = cursor.empty() ? "" : cursor.substr(1);
    if (in_records) {
      more = co_await copy_records_page(after, count);
      if (!more && sides[0].blobs != nullptr) {
        more = true;
        in_records = false;
        after.clear();
      }
    } else {
      more = co_await copy_blobs_page(after, count);
    }
    cursor = (in_records ? "r" : "b") + after;
    co_await put_mark(role.leader, role.mark);
    state->set(std::move(role));
    report("copying all", count);
    if (state->journal > settings.journal_max) throw error(Code::busy, "writes come faster than they can be copied");
  }
}

/// One page of the leader's records, and in its range whatever the other one has beyond them goes.
Task<bool> Core::copy_records_page(std::string& after, std::uint64_t& count) {
  const int leader = state->role().leader;
  const auto page = co_await sides[leader].records->scan("", after, page_records);
  std::map<Key, const Bytes*> wanted;
  for (const auto& record : page.records) {
    if (!is_own(record.key)) wanted.emplace(record.key, &record.value);
  }
  const auto last = page.records.empty() ? after : page.records.back().key;
  Changes changes(*sides[1 - leader].records);
  const std::optional<Bytes> nothing;
  for (Key at = after;;) {
    const auto there = co_await sides[1 - leader].records->scan("", at, page_records);
    bool beyond = false;
    for (const auto& record : there.records) {
      at = record.key;
      beyond = page.more && record.key > last;
      if (beyond) break;
      const auto found = wanted.find(record.key);
      if (found == wanted.end() && !is_own(record.key)) co_await changes.add(record.key, nothing);
      if (found != wanted.end() && *found->second == record.value) wanted.erase(found);
    }
    if (beyond || !there.more) break;
  }
  for (const auto& [key, value] : wanted) {
    std::optional<Bytes> copy = *value;
    co_await changes.add(key, std::move(copy));
  }
  co_await changes.flush();
  count += page.records.size();
  after = last;
  co_return page.more;
}

Task<bool> Core::copy_blobs_page(std::string& after, std::uint64_t& count) {
  const int leader = state->role().leader;
  const auto page = co_await sides[leader].blobs->list(after, page_records);
  const auto last = page.blobs.empty() ? after : page.blobs.back().id;
  std::set<std::string> ids;
  for (const auto& blob : page.blobs) ids.insert(blob.id);
  for (std::string at = after;;) {
    const auto there = co_await sides[1 - leader].blobs->list(at, page_records);
    for (const auto& blob : there.blobs) {
      at = blob.id;
      if (!page.more || blob.id <= last) ids.insert(blob.id);
    }
    if (!there.more || (page.more && at > last)) break;
  }
  for (const auto& id : ids) co_await copy_blob(leader, 1 - leader, id);
  count += ids.size();
  after = last;
  co_return page.more;
}

}  // namespace drawbridge::mirror
