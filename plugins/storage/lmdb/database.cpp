#include "database.h"

#include <algorithm>
#include <utility>

#include "drawbridge/options.h"
#include "row.h"

namespace drawbridge::lmdb {
namespace {

constexpr std::size_t max_readers = 64;
// What a change can take beside its bytes: the pages from the root to its leaf, twice where they split.
constexpr std::uint64_t change_bytes = 64_KiB;
constexpr std::uint64_t spare_bytes = 1_MiB;

/// A snapshot that holds on to nothing while it is not used.
std::unique_ptr<Snapshot> make_reader(const Environment& environment) {
  auto reader = std::make_unique<Snapshot>(environment, MDB_RDONLY);
  reader->reset();
  return reader;
}

/// A reader that sees what is there now.
class Reading {
 public:
  explicit Reading(Snapshot& snapshot) : snapshot_(snapshot) { snapshot.renew(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { snapshot_.reset(); }

 private:
  Snapshot& snapshot_;
};

class Change final : public storage::Transaction {
 public:
  explicit Change(const Environment& environment) : environment_(environment), snapshot_(environment, 0) {}

  bool get(Table table, std::string_view key, const Found& found) override { return snapshot_.get(table, key, found); }
  void put(Table table, std::string_view key, BytesView value) override {
    RowKey row_key(table, key);
    auto at = row_key.value();
    MDB_val room = {row_bytes(key, value.size()), nullptr};
    environment_.check("write", mdb_put(snapshot_.txn(), environment_.rows(), &at, &room, MDB_RESERVE));
    write_row(key, value, static_cast<std::uint8_t*>(room.mv_data));
  }
  void erase(Table table, std::string_view key) override {
    RowKey row_key(table, key);
    auto at = row_key.value();
    const int code = mdb_del(snapshot_.txn(), environment_.rows(), &at, nullptr);
    if (code != MDB_NOTFOUND) environment_.check("write", code);
  }
  void commit() override { snapshot_.commit(); }

 private:
  const Environment& environment_;
  Snapshot snapshot_;
};

}  // namespace

Database::Database(const Settings& settings, Logger& log)
    : environment_(settings), log_(log), readers_(max_readers, [this] { return make_reader(environment_); }) {}

Answer Database::get(Table table, std::string_view key, Tier tier, const Found& found) const {
  const auto reader = readers_.take(tier);
  if (!reader) return Answer::not_cached;
  const Reading reading(*reader);
  return reader->get(table, key, found) ? Answer::present : Answer::absent;
}

bool Database::visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const {
  const auto reader = readers_.take(tier);
  if (!reader) return false;
  const Reading reading(*reader);
  reader->visit(table, prefix, from, visit);
  return true;
}

std::unique_ptr<storage::Transaction> Database::begin(const storage::Load& load) {
  environment_.set_sync(environment_.settings().live->sync);
  make_room(load);
  return std::make_unique<Change>(environment_);
}

void Database::make_room(const storage::Load& load) {
  const auto map = environment_.map_bytes();
  const auto used = environment_.used_bytes();
  // A generous guess: the map is room for addresses, the file takes what it needs.
  const auto wanted = used + 2 * load.bytes + load.changes * change_bytes + spare_bytes;
  // LMDB copies what it changes: also who erases needs room first. What that took beyond the bound is for nobody else.
  const auto limit = load.puts ? environment_.max_map_bytes() : std::max(environment_.max_map_bytes(), wanted);
  const bool too_large = map > std::max(limit, used);
  if (!too_large && (wanted <= map || map >= limit)) return;
  const auto bytes = too_large ? std::max(limit, used) : std::min(std::max(2 * map, wanted), limit);
  bool grown = false;
  readers_.alone([&] { grown = environment_.set_map_bytes(bytes); });
  if (grown) {
    log_.debug("the map is {} now", size_text(bytes));
  } else if (!std::exchange(told_, true)) {
    log_.warning("the system gives no address space for a map of {}; look at `ulimit -v`", size_text(bytes));
  }
}

}  // namespace drawbridge::lmdb
