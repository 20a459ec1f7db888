#include <algorithm>
#include <utility>
#include <vector>

#include "drawbridge/storage/checksum.h"
#include "environment.h"
#include "row.h"

namespace drawbridge::lmdb {
namespace {

// Of long keys with the same beginning, so many are put in order at a time.
constexpr std::size_t sorted_at_once = 4097;

Row checked_row(const Environment& environment, bool is_long, const MDB_val& bytes) {
  Row row;
  if (read_row(is_long, bytes, row)) return row;
  throw storage::damage(environment.settings(), "read", "a stored value is damaged");
}

void check_sum(const Environment& environment, std::string_view key, const Row& row) {
  if (environment.verified().holds(row.value.data(), row.sum)) return;
  if (row.sum == storage::checksum(key, row.value)) return environment.verified().note(row.value.data(), row.sum);
  throw storage::damage(environment.settings(), "read", "the checksum of a stored value is wrong");
}

}  // namespace

/// A walk over one table in the order of its keys.
class Snapshot::Walk {
 public:
  Walk(const Snapshot& snapshot, Table table, std::string_view prefix, std::string_view from, const Visit& visit)
      : environment_(snapshot.environment_), table_(table), prefix_(prefix), from_(from), visit_(visit) {
    environment_.check("scan", mdb_cursor_open(snapshot.txn_, environment_.rows(), &cursor_));
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() { mdb_cursor_close(cursor_); }

  void run() {
    if (!seek(from_.substr(0, head_bytes))) return;
    for (bool more = true; more;) {
      const auto row_key = key();
      if (is_long_row(key_)) {
        more = visit_long(std::string(row_key.substr(0, head_bytes)));
      } else if (row_key < from_) {  // only the one that a longer `from` begins with
        more = step(MDB_NEXT);
      } else {
        more = visit_one(row_key, checked_row(environment_, false, value_)) && step(MDB_NEXT);
      }
    }
  }

 private:
  struct Found {
    std::string key;
    Row row;
    bool operator<(const Found& other) const { return key < other.key; }
  };

  bool seek(std::string_view at) {
    RowKey row_key(table_, at);
    key_ = row_key.value();
    return step(MDB_SET_RANGE);
  }
  bool step(MDB_cursor_op operation) {
    const int code = mdb_cursor_get(cursor_, &key_, &value_, operation);
    if (code == MDB_NOTFOUND) return false;
    environment_.check("scan", code);
    return text_of(key_).starts_with(byte_of(table_));
  }
  /// Of the row where the cursor is.
  std::string_view key() const { return text_of(key_).substr(1); }

  bool visit_one(std::string_view key, const Row& row) {
    if (!key.starts_with(prefix_)) return false;
    check_sum(environment_, key, row);
    return visit_(key, row.value);
  }

  /// All long keys with this beginning; then the cursor is behind them. False at the end.
  bool visit_long(const std::string& head) {
    std::string from(from_);
    for (bool rest = true, more = true; rest;) {
      std::vector<Found> found;
      rest = more = false;
      for (bool there = seek(head); there; there = step(MDB_NEXT)) {
        more = key().substr(0, head_bytes) != head;
        if (more) break;
        if (is_long_row(key_)) rest = collect(head, from, found) || rest;
      }
      std::ranges::sort_heap(found, {}, &Found::key);
      for (const auto& one : found) {
        if (!visit_one(one.key, one.row)) return false;
      }
      if (!rest) return more;
      from = found.back().key + '\0';
    }
    return false;
  }

  /// Keeps the row if it is among the first; whether one had to go for that.
  bool collect(const std::string& head, const std::string& from, std::vector<Found>& found) {
    const auto row = checked_row(environment_, true, value_);
    auto key = head + std::string(row.rest);
    if (key < from) return false;
    found.push_back({std::move(key), row});
    std::ranges::push_heap(found, {}, &Found::key);
    if (found.size() <= sorted_at_once) return false;
    std::ranges::pop_heap(found, {}, &Found::key);
    found.pop_back();
    return true;
  }

  const Environment& environment_;
  const Table table_;
  const std::string_view prefix_;
  const std::string_view from_;
  const Visit& visit_;
  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{}, value_{};
};

Snapshot::Snapshot(const Environment& environment, unsigned flags) : environment_(environment) {
  const auto* action = flags & MDB_RDONLY ? "read" : "write";
  environment.check(action, mdb_txn_begin(environment.get(), nullptr, flags, &txn_));
}

bool Snapshot::get(Table table, std::string_view key, const storage::Found& found) const {
  RowKey row_key(table, key);
  auto at = row_key.value();
  MDB_val bytes;
  const int code = mdb_get(txn_, environment_.rows(), &at, &bytes);
  if (code == MDB_NOTFOUND) return false;
  environment_.check("get", code);
  const auto row = checked_row(environment_, is_long(key), bytes);
  check_sum(environment_, key, row);
  found(row.value);
  return true;
}

void Snapshot::visit(Table table, std::string_view prefix, std::string_view from, const Visit& visit) const {
  Walk(*this, table, prefix, from, visit).run();
}

void Snapshot::commit() {
  environment_.check("write", mdb_txn_commit(std::exchange(txn_, nullptr)));
}

}  // namespace drawbridge::lmdb
