// What only storage.sqlite does: the log and its damage, the database of somebody else.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "drawbridge/storage/checksum.h"
#include "fixture.h"

namespace drawbridge::storage_test {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<kernel::Node> start_sqlite(const fs::path& path, const std::string& options = {}) {
  return start_storage("storage.sqlite", "path: " + path.string() + (options.empty() ? "" : ", " + options));
}

/// As another program would change it.
void run_sql(const fs::path& file, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

Bytes value_of(int i) {
  return noise(5'000, static_cast<unsigned>(i));
}

void fill(const fs::path& path, int count = 200) {
  const auto node = start_sqlite(path);
  Storage storage(*node);
  for (int i = 0; i < count; ++i) storage.put("key/" + std::to_string(i), value_of(i));
}

/// What a crash leaves: the files as they are while the storage runs.
void fill_and_crash(const fs::path& path) {
  const support::TempDir running;
  const auto node = start_sqlite(running.path());
  Storage storage(*node);
  for (int i = 0; i < 100; ++i) storage.put("key/" + std::to_string(i), value_of(i));
  fs::copy(running.path(), path, fs::copy_options::recursive);
}

/// How many of the values cannot be read; those that can are right.
int count_damaged(kernel::Node& node, const fs::path& path, int count) {
  Storage storage(node);
  int damaged = 0;
  for (int i = 0; i < count; ++i) {
    try {
      EXPECT_TRUE(node.wait(storage.records->get("key/" + std::to_string(i))) == value_of(i)) << i;
    } catch (const Error& error) {
      if (damaged++ == 0) expect_corrupt(error, path);
    }
  }
  return damaged;
}

TEST(Sqlite, NewerFormatIsRefused) {
  const support::TempDir folder;
  fill(folder.path(), 1);
  const std::string newer = "drawbridge.storage-sqlite/2";
  const auto sum = static_cast<std::int64_t>(storage::checksum("format", view(newer)));
  run_sql(folder / "database.sqlite", "UPDATE meta SET value = CAST('" + newer + "' AS BLOB), sum = " +
                                          std::to_string(sum) + " WHERE key = CAST('format' AS BLOB)");
  const auto error = error_of([&] { start_sqlite(folder.path()); });
  EXPECT_EQ(error.code(), Code::unsupported) << error.what();
  EXPECT_NE(std::string(error.what()).find("has the format '" + newer + "'"), std::string::npos) << error.what();
  EXPECT_NE(error.hint(), "");
}

TEST(Sqlite, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  const support::TempDir folder;
  run_sql(folder / "database.sqlite", "CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
  EXPECT_EQ(error_of([&] { start_sqlite(folder.path()); }).code(), Code::unsupported);
  run_sql(folder / "database.sqlite", "SELECT a FROM mine");
}

TEST(Sqlite, LogStaysShortWhileNothingPauses) {
  const support::TempDir folder;
  const auto node = start_sqlite(folder.path());
  Storage storage(*node);
  std::uintmax_t longest = 0;
  for (int i = 0; i < 300; ++i) {
    storage.put("key/" + std::to_string(i % 7), noise(1_MiB));
    longest = std::max(longest, fs::file_size(folder / "database.sqlite-wal"));
  }
  EXPECT_LT(longest, 80_MiB);
}

TEST(SqliteDamage, NoDatabase) {
  const support::TempDir folder;
  folder.write("database.sqlite", std::string(20'000, 'x'));
  expect_corrupt(error_of([&] { start_sqlite(folder.path()); }), folder.path());
}

TEST(SqliteDamage, CutShort) {
  const support::TempDir folder;
  fill(folder.path());
  fs::resize_file(folder / "database.sqlite", fs::file_size(folder / "database.sqlite") / 2);
  expect_corrupt(error_of([&] { start_sqlite(folder.path()); }), folder.path());
}

TEST(SqliteDamage, Values) {
  const support::TempDir folder;
  fill(folder.path());
  const auto size = static_cast<std::streamoff>(fs::file_size(folder / "database.sqlite"));
  for (auto at = size / 2; at < size - 4096; at += 40 * 4096) {
    overwrite(folder / "database.sqlite", at + 2000, "damage damage");
  }
  std::unique_ptr<kernel::Node> node;
  try {
    node = start_sqlite(folder.path());
  } catch (const Error& error) {  // where the first thing that was read was hit
    return expect_corrupt(error, folder.path());
  }
  EXPECT_GT(count_damaged(*node, folder.path(), 200), 0);
}

TEST(SqliteDamage, MiddleOfTheLog) {
  const support::TempDir folder;
  fill_and_crash(folder.path());
  overwrite(folder / "database.sqlite-wal", 200'000, "damage damage");
  expect_corrupt(error_of([&] { start_sqlite(folder.path()); }), folder.path());
  // Only when the operator says so, and then what was before the damage is there.
  const auto node = start_sqlite(folder.path(), "drop_damaged_log: true");
  Storage storage(*node);
  EXPECT_TRUE(node->wait(storage.records->get("key/1")) == value_of(1));
  EXPECT_EQ(storage.get("key/99"), "(absent)");
}

TEST(SqliteDamage, HeaderOfTheLog) {
  const support::TempDir folder;
  fill_and_crash(folder.path());
  overwrite(folder / "database.sqlite-wal", 20, "damage");
  expect_corrupt(error_of([&] { start_sqlite(folder.path()); }), folder.path());
}

// A crash in the middle of a commit, which nobody was told of.
TEST(SqliteDamage, TornEndOfTheLogIsDropped) {
  const support::TempDir folder;
  fill_and_crash(folder.path());
  const auto log = folder / "database.sqlite-wal";
  fs::resize_file(log, fs::file_size(log) - 100);
  const auto node = start_sqlite(folder.path());
  Storage storage(*node);
  for (int i = 0; i < 99; ++i)
    EXPECT_TRUE(node->wait(storage.records->get("key/" + std::to_string(i))) == value_of(i)) << i;
  EXPECT_EQ(storage.get("key/99"), "(absent)");
}

}  // namespace
}  // namespace drawbridge::storage_test
