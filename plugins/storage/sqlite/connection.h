#pragma once

#include <sqlite3.h>

#include <array>
#include <memory>

#include "drawbridge/storage/database.h"
#include "settings.h"

namespace drawbridge::sqlite {

using storage::Found;
using storage::Table;
using storage::Visit;

/// One connection to the database with its prepared statements. Used by one thread at a time. Throws corrupt for
/// damage, unavailable for what may pass.
class Connection {
 public:
  /// Opens; with `create`, makes the file when it is missing. The settings must outlive it.
  Connection(const Settings& settings, bool create);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool get(Table table, std::string_view key, const Found& found);
  void visit(Table table, std::string_view prefix, std::string_view from, const Visit& visit);
  void put(Table table, std::string_view key, BytesView value);
  void erase(Table table, std::string_view key);

  void set_cache(std::uint64_t bytes);
  /// Whether a commit waits for the disk. Not within a transaction.
  void set_sync(bool sync);

  /// Begins and commits a transaction that writes.
  void begin();
  void commit();

  /// Runs SQL that returns nothing, or one value that matters to nobody.
  void execute(const char* sql, std::string_view action);
  /// The one number that the SQL returns.
  std::int64_t number(const char* sql);

  sqlite3* handle() const { return handle_.get(); }
  /// What a failed call means to a caller.
  Error error(std::string_view action, int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  enum class Query : std::size_t { get, from, range, put, erase, begin, commit };
  static constexpr std::size_t query_count = 7;
  class Run;

  sqlite3_stmt* statement(Query query, Table table);

  const Settings& settings_;
  std::unique_ptr<sqlite3, Close> handle_;
  /// Prepared when they are first needed, and kept.
  std::array<std::array<std::unique_ptr<sqlite3_stmt, Close>, storage::table_count>, query_count> statements_;
};

}  // namespace drawbridge::sqlite
