#include "database.h"

#include <filesystem>

#include "log_check.h"

namespace drawbridge::sqlite {
namespace {

// In the header of the file, so that another program's database is not taken for one of this.
constexpr std::int64_t application_id = 0x44726273;  // "Drbs"

/// See docs/formats/storage-sqlite.md.
constexpr const char* schema = R"(
PRAGMA application_id = 1148346995;
CREATE TABLE meta     (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, sum INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE records  (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, sum INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE blobs    (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, sum INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE contents (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, sum INTEGER NOT NULL, value BLOB NOT NULL);
)";
static_assert(application_id == 1148346995);

/// What the writer's connection does between BEGIN and COMMIT.
class Change final : public storage::Transaction {
 public:
  explicit Change(Connection& writer) : writer_(writer) { writer.begin(); }
  ~Change() override {
    // After some failures SQLite has rolled back already. If this fails too, the next BEGIN says so.
    if (!sqlite3_get_autocommit(writer_.handle()))
      sqlite3_exec(writer_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }

  bool get(Table table, std::string_view key, const Found& found) override { return writer_.get(table, key, found); }
  void put(Table table, std::string_view key, BytesView value) override { writer_.put(table, key, value); }
  void erase(Table table, std::string_view key) override { writer_.erase(table, key); }
  void commit() override { writer_.commit(); }

 private:
  Connection& writer_;
};

}  // namespace

Database::Database(const Settings& settings, Logger& log)
    : settings_(settings),
      cache_bytes_(settings.cache_bytes),
      writer_((check_log(settings), settings_), true),
      readers_(settings.max_readers, [this] { return make_reader(); }) {
  writer_.set_sync(false);
  tune_writer();
  make_or_check();
  checkpoints_ = std::make_unique<Checkpoints>(settings_, writer_, log);
}

std::unique_ptr<Connection> Database::make_reader() const {
  auto reader = std::make_unique<Connection>(settings_, false);
  reader->set_cache(cache_bytes_);
  return reader;
}

void Database::adjust(const Settings& settings) {
  cache_bytes_ = settings.cache_bytes;
  readers_.renew(settings.max_readers);
}

void Database::tune_writer() {
  if (const bool sync = settings_.live->sync; sync != synced_) {
    writer_.set_sync(sync);
    synced_ = sync;
  }
  if (const auto bytes = cache_bytes_.load(); bytes != writer_cache_) {
    writer_.set_cache(bytes);
    writer_cache_ = bytes;
  }
}

Database::~Database() = default;

void Database::make_or_check() {
  if (writer_.number("SELECT count(*) FROM sqlite_schema") > 0) {
    if (writer_.number("PRAGMA application_id") != application_id)
      throw storage::foreign(settings_, "a SQLite database of another program");
  } else {
    writer_.execute("PRAGMA journal_mode = WAL", "open");
    writer_.execute("BEGIN IMMEDIATE", "open");
    writer_.execute(schema, "open");
    writer_.execute("COMMIT", "open");
  }
  writer_.execute("PRAGMA journal_mode = WAL", "open");
}

Answer Database::get(Table table, std::string_view key, Tier tier, const Found& found) const {
  const auto reader = readers_.take(tier);
  if (!reader) return Answer::not_cached;
  return reader->get(table, key, found) ? Answer::present : Answer::absent;
}

bool Database::visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const {
  const auto reader = readers_.take(tier);
  if (!reader) return false;
  reader->visit(table, prefix, from, visit);
  return true;
}

std::unique_ptr<storage::Transaction> Database::begin(const storage::Load&) {
  checkpoints_->make_room();
  tune_writer();
  return std::make_unique<Change>(writer_);
}

}  // namespace drawbridge::sqlite
