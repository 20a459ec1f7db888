// What only storage.rocksdb promises: it keeps, it guards its folder, it notices damage.
#include <gtest/gtest.h>

#include "fixture.h"

namespace drawbridge::storage_test {
namespace {

namespace fs = std::filesystem;

// More tables than are opened at the start: the caches alone know nothing of the others.
TEST(Rocksdb, ReadsTablesThatAreNotOpenYet) {
  const support::TempDir folder;
  constexpr int rounds = 4;
  for (int i = 0; i < rounds; ++i) {  // each start makes tables of what the log of the last one has
    const auto node = start_rocksdb(folder.path());
    Storage storage(*node);
    storage.put("key/" + std::to_string(i), "value " + std::to_string(i));
    storage.put("empty/" + std::to_string(i), "");
    storage.store("blob-" + std::to_string(i), noise(1000, static_cast<unsigned>(i)));
  }
  EXPECT_GT(files_with(folder / "db", ".sst").size(), 5u);
  for (int i = 0; i < rounds; ++i) {
    const auto node = start_rocksdb(folder.path(), "max_open_files: 32");
    Storage storage(*node);
    EXPECT_EQ(storage.get("kez"), "(absent)");
    EXPECT_EQ(storage.get("key/" + std::to_string(i)), "value " + std::to_string(i));
    EXPECT_EQ(storage.get("empty/" + std::to_string(i)), "");
    EXPECT_FALSE(storage.load("blob"));
    EXPECT_TRUE(storage.load("blob-" + std::to_string(i)) == noise(1000, static_cast<unsigned>(i)));
  }
}

/// A database with much in its tables and a little in its log.
void fill(const fs::path& path) {
  const auto node = start_rocksdb(path, "write_buffer: 1MiB");
  Storage storage(*node);
  for (int i = 0; i < 100; ++i) storage.put("key/" + std::to_string(i), noise(50'000, static_cast<unsigned>(i)));
  storage.store("large", noise(300'000));
}

TEST(RocksdbDamage, Manifest) {
  const support::TempDir folder;
  fill(folder.path());
  for (const auto& file : files_with(folder / "db", "MANIFEST")) overwrite(file, 20, "damage damage damage");
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
}

TEST(RocksdbDamage, MissingManifest) {
  const support::TempDir folder;
  fill(folder.path());
  for (const auto& file : files_with(folder / "db", "MANIFEST")) fs::remove(file);
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
}

TEST(RocksdbDamage, MissingTable) {
  const support::TempDir folder;
  fill(folder.path());
  fs::remove(files_with(folder / "db", ".sst").front());
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
}

TEST(RocksdbDamage, Table) {
  const support::TempDir folder;
  fill(folder.path());
  for (const auto& file : files_with(folder / "db", ".sst")) {
    if (fs::file_size(file) > 100'000) overwrite(file, 30'000, "damage damage damage");
  }
  std::unique_ptr<kernel::Node> node;
  try {
    node = start_rocksdb(folder.path());
  } catch (const Error& error) {  // a compaction in the background met the damage before any reader
    EXPECT_EQ(error.code(), Code::corrupt) << error.what();
    return;
  }
  Storage storage(*node);
  std::size_t damaged = 0;
  for (int i = 0; i < 100; ++i) {
    try {
      const auto value = node->wait(storage.records->get("key/" + std::to_string(i)));
      EXPECT_TRUE(value == noise(50'000, static_cast<unsigned>(i))) << i;  // never other bytes
    } catch (const Error& error) {
      if (damaged++ == 0) expect_corrupt(error, folder.path());
      EXPECT_EQ(error.code(), Code::corrupt);
    }
  }
  EXPECT_GT(damaged, 0u);
  EXPECT_EQ(error_of([&] { node->wait(storage.records->scan("", "", 4096)); }).code(), Code::corrupt);
}

TEST(RocksdbDamage, MiddleOfTheLog) {
  const support::TempDir folder;
  {
    const auto node = start_rocksdb(folder.path());
    Storage storage(*node);
    for (int i = 0; i < 100; ++i) storage.put("key/" + std::to_string(i), noise(5'000, static_cast<unsigned>(i)));
  }
  const auto logs = files_with(folder / "db", ".log");
  ASSERT_FALSE(logs.empty());
  overwrite(logs.back(), 200'000, "damage damage damage");
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
  // Only when the operator says so, and then what was before the damage is there.
  const auto node = start_rocksdb(folder.path(), "drop_damaged_log: true");
  Storage storage(*node);
  EXPECT_TRUE(node->wait(storage.records->get("key/1")) == noise(5'000, 1));
  EXPECT_EQ(storage.get("key/99"), "(absent)");
}

TEST(RocksdbDamage, AnotherFormat) {
  const support::TempDir folder;
  fs::create_directories(folder / "db");
  folder.write("db/CURRENT", "MANIFEST-000001\n");
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
}

}  // namespace
}  // namespace drawbridge::storage_test
