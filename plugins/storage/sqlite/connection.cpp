#include "connection.h"

#include <fmt/format.h>

#include "drawbridge/storage/checksum.h"

namespace drawbridge::sqlite {
namespace {

constexpr std::array<const char*, storage::table_count> names = {"meta", "records", "blobs", "contents"};

/// With the table's name for {}.
constexpr std::array<const char*, 7> queries = {
    "SELECT key, value, sum FROM {} WHERE key = ?1",
    "SELECT key, value, sum FROM {} WHERE key >= ?1 ORDER BY key",
    "SELECT key, value, sum FROM {} WHERE key >= ?1 AND key < ?2 ORDER BY key",
    "INSERT INTO {} (key, value, sum) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, sum = excluded.sum",
    "DELETE FROM {} WHERE key = ?1",
    "BEGIN IMMEDIATE",
    "COMMIT",
};

// Only while another program looks into the database is there anything to wait for.
constexpr int busy_timeout_ms = 1000;

}  // namespace

/// One use of a prepared statement; its end is the end of what it read.
class Connection::Run {
 public:
  Run(Connection& connection, Query query, Table table, std::string_view action)
      : connection_(connection), action_(action), statement_(connection.statement(query, table)) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { sqlite3_reset(statement_); }

  /// Borrows the bytes. No bytes are not NULL, so the pointer must not be null either.
  void bind(int index, std::string_view bytes) {
    const char* data = bytes.data() ? bytes.data() : "";
    check(sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC));
  }
  void bind(int index, std::uint64_t number) {
    check(sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(number)));
  }

  /// Whether there is a row.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) throw connection_.error(action_, code);
    return code == SQLITE_ROW;
  }

  std::string_view key() const { return text_view(column(0)); }
  /// The value of the row, checked.
  BytesView value() const {
    const auto bytes = column(1);
    const auto sum = static_cast<std::uint64_t>(sqlite3_column_int64(statement_, 2));
    if (sum == storage::checksum(key(), bytes)) return bytes;
    throw storage::damage(connection_.settings_, action_, "the checksum of a stored value is wrong");
  }

 private:
  BytesView column(int index) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, index));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index))};
  }
  void check(int code) const {
    if (code != SQLITE_OK) throw connection_.error(action_, code);
  }

  Connection& connection_;
  const std::string_view action_;
  sqlite3_stmt* const statement_;
};

Connection::Connection(const Settings& settings, bool create) : settings_(settings) {
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(settings.database_path().c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) throw error("open", code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  // Damage must not reach further than it has to, and no file may bring code of its own.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

void Connection::set_cache(std::uint64_t bytes) {
  execute(fmt::format("PRAGMA cache_size = -{}", bytes >> 10).c_str(), "open");
}

void Connection::set_sync(bool sync) {
  execute(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", "write");
}

bool Connection::get(Table table, std::string_view key, const Found& found) {
  Run run(*this, Query::get, table, "get");
  run.bind(1, key);
  if (!run.step()) return false;
  found(run.value());
  return true;
}

void Connection::visit(Table table, std::string_view prefix, std::string_view from, const Visit& visit) {
  const auto end = storage::end_of_prefix(prefix);
  Run run(*this, end.empty() ? Query::from : Query::range, table, "scan");
  run.bind(1, from);
  if (!end.empty()) run.bind(2, end);
  while (run.step() && visit(run.key(), run.value())) {
  }
}

void Connection::put(Table table, std::string_view key, BytesView value) {
  Run run(*this, Query::put, table, "write");
  run.bind(1, key);
  run.bind(2, text_view(value));
  run.bind(3, storage::checksum(key, value));
  run.step();
}

void Connection::erase(Table table, std::string_view key) {
  Run run(*this, Query::erase, table, "write");
  run.bind(1, key);
  run.step();
}

void Connection::begin() {
  Run(*this, Query::begin, Table::meta, "write").step();
}

void Connection::commit() {
  Run(*this, Query::commit, Table::meta, "write").step();
}

void Connection::execute(const char* sql, std::string_view action) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error(action, code);
}

std::int64_t Connection::number(const char* sql) {
  std::int64_t result = 0;
  auto take = [](void* out, int, char** values, char**) {
    if (values[0]) *static_cast<std::int64_t*>(out) = std::strtoll(values[0], nullptr, 10);
    return 0;
  };
  const int code = sqlite3_exec(handle_.get(), sql, take, &result, nullptr);
  if (code != SQLITE_OK) throw error("open", code);
  return result;
}

sqlite3_stmt* Connection::statement(Query query, Table table) {
  auto& kept = statements_[static_cast<std::size_t>(query)][static_cast<std::size_t>(table)];
  if (!kept) {
    const auto sql =
        fmt::format(fmt::runtime(queries[static_cast<std::size_t>(query)]), names[static_cast<std::size_t>(table)]);
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    kept.reset(made);
    if (code != SQLITE_OK) throw error("prepare", code);
  }
  return kept.get();
}

Error Connection::error(std::string_view action, int code) const {
  const std::string said = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  const auto message = settings_.who() + std::string(action) + ": " + said;
  const auto disk_hint = "look at the disk of '" + settings_.path + "'";
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return storage::damage(settings_, action, "the database is damaged: " + said);
    case SQLITE_FULL:
      return storage::disk_full(settings_, action);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Code::unavailable, fmt::format("{} ({})", message, code), disk_hint};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::unavailable, message, "close what else has '" + settings_.database_path() + "' open"};
    case SQLITE_NOMEM:
      return {Code::unavailable, message};
    default:
      return {Code::internal, fmt::format("{} ({})", message, code)};
  }
}

}  // namespace drawbridge::sqlite
