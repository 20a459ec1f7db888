// What only storage.lmdb does: the map, keys beyond what the engine takes, damage.
#include <gtest/gtest.h>
#include <lmdb.h>

#include <atomic>
#include <set>
#include <thread>

#include "drawbridge/files.h"
#include "drawbridge/storage/checksum.h"
#include "fixture.h"

namespace drawbridge::storage_test {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<kernel::Node> start_lmdb(const fs::path& path, const std::string& options = {}) {
  return start_storage("storage.lmdb", "path: " + path.string() + (options.empty() ? "" : ", " + options));
}

/// As another program would change it.
void put_raw(const fs::path& file, const char* table, const std::string& key, const Bytes& value) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  ASSERT_EQ(mdb_env_create(&env), 0);
  mdb_env_set_maxdbs(env, 8);
  ASSERT_EQ(mdb_env_open(env, file.c_str(), MDB_NOSUBDIR, 0600), 0);
  ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  ASSERT_EQ(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
  MDB_val k{key.size(), const_cast<char*>(key.data())};
  MDB_val v{value.size(), const_cast<std::uint8_t*>(value.data())};
  EXPECT_EQ(mdb_put(txn, dbi, &k, &v, 0), 0);
  EXPECT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

std::vector<std::string> scan_keys(kernel::Node& node, const std::string& prefix, std::size_t limit) {
  const auto records = node.find<Records>("main");
  std::vector<std::string> keys;
  for (bool more = true; more;) {
    const auto page = node.wait(records->scan(prefix, keys.empty() ? "" : keys.back(), limit));
    for (const auto& record : page.records) {
      EXPECT_EQ(to_text(record.value), std::to_string(record.key.size()));
      keys.push_back(record.key);
    }
    more = page.more;
  }
  return keys;
}

TEST(Lmdb, LongKeysAreInOrder) {
  const support::TempDir folder;
  const auto node = start_lmdb(folder.path());
  std::set<std::string> keys;
  for (const std::size_t length : {1, 493, 494, 495, 496, 497, 510, 511, 512, 513, 1023, 1024}) {
    for (const char last : {'\0', 'a', '\xff'}) keys.insert(std::string(length - 1, 'a') + last);
    keys.insert(std::string(length, '\xff'));
  }
  // More with one beginning than are put in order at a time.
  for (int i = 0; i < 10'000; ++i) keys.insert(std::string(600, 'm') + std::to_string(i * 7919 % 10'000));
  Batch batch;
  for (const auto& key : keys) batch.put(key, to_bytes(std::to_string(key.size())));
  node->wait(node->find<Records>("main")->commit(std::move(batch)));
  const std::vector<std::string> wanted(keys.begin(), keys.end());
  EXPECT_EQ(scan_keys(*node, "", 4096), wanted);
  EXPECT_EQ(scan_keys(*node, "", 997), wanted);
  std::vector<std::string> some;
  for (const auto& key : wanted) {
    if (key.starts_with(std::string(600, 'm') + "12")) some.push_back(key);
  }
  EXPECT_EQ(scan_keys(*node, std::string(600, 'm') + "12", 7), some);
  Storage storage(*node);
  storage.erase(wanted.back());
  EXPECT_EQ(storage.get(wanted.back()), "(absent)");
  EXPECT_EQ(storage.get(std::string(600, 'm') + "77"), "602");
}

TEST(Lmdb, MapGrowsByItself) {
  const support::TempDir folder;
  for (int round = 0; round < 2; ++round) {
    const auto node = start_lmdb(folder.path(), "map: 1MiB, sync: false");
    Storage storage(*node);
    for (int i = 0; i < 40; ++i) storage.put("key/" + std::to_string(i), noise(1_MiB, static_cast<unsigned>(i)));
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(node->wait(storage.records->get("key/" + std::to_string(i))) ==
                  noise(1_MiB, static_cast<unsigned>(i)));
    }
  }
}

TEST(Lmdb, FullMapSaysWhatToDo) {
  const support::TempDir folder;
  int put = 0;
  {
    const auto node = start_lmdb(folder.path(), "map: 1MiB, max_map: 8MiB");
    Storage storage(*node);
    const auto error = error_of([&] {
      for (; put < 100; ++put) storage.put("key/" + std::to_string(put), noise(500'000));
    });
    EXPECT_EQ(error.code(), Code::too_large);
    EXPECT_STREQ(error.what(), "storage 'main': write: the database is full: max_map is 8MiB");
    EXPECT_EQ(error.hint(), "raise max_map, or erase what is not needed");
    EXPECT_EQ(storage.get("key/" + std::to_string(put)), "(absent)");
    storage.put("small", "there is room for what is small");
    // What is erased is room again, after the next commits.
    for (int i = 0; i < 6; ++i) storage.erase("key/" + std::to_string(i));
    storage.put("again", noise(500'000));
  }
  const auto node = start_lmdb(folder.path(), "max_map: 32MiB");
  Storage storage(*node);
  EXPECT_TRUE(node->wait(storage.records->get("key/7")) == noise(500'000));
  storage.put("key/" + std::to_string(put), noise(1'000'000));
}

TEST(Lmdb, WhatDoesNotFitFailsAlone) {
  const support::TempDir folder;
  const auto node = start_lmdb(folder.path(), "map: 1MiB, max_map: 8MiB");
  Storage storage(*node);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 8; ++round) {
        const auto key = "key/" + std::to_string(i) + "/" + std::to_string(round);
        const bool large = i == 0;
        try {
          storage.put(key, Bytes(large ? 10_MiB : 100));
          EXPECT_FALSE(large);
        } catch (const Error& error) {
          EXPECT_TRUE(large) << error.what();
          EXPECT_EQ(error.code(), Code::too_large);
          ++refused;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 8);
  EXPECT_EQ(storage.get("key/15/7").size(), 100u);
}

// LMDB copies what it changes, so erasing takes room as well.
TEST(Lmdb, FullMapCanBeEmptied) {
  const support::TempDir folder;
  const auto node = start_lmdb(folder.path(), "map: 1MiB, max_map: 2MiB, sync: false");
  Storage storage(*node);
  int put = 0;
  const auto fill = [&] {
    for (; put < 5000; ++put) storage.put("key/" + std::to_string(put), noise(1000));
  };
  EXPECT_EQ(error_of(fill).code(), Code::too_large);
  for (int i = 0; i < put; ++i) storage.erase("key/" + std::to_string(i));
  EXPECT_EQ(scan_keys(*node, "", 4096).size(), 0u);
  const int before = put;
  EXPECT_EQ(error_of(fill).code(), Code::too_large);
  EXPECT_GT(put - before, before / 2) << "what was erased is room again";
}

// LMDB does not write pages that a transaction made and gave up, so its file may be shorter than it says.
TEST(Lmdb, PagesThatWereNeverWrittenAreNoDamage) {
  const support::TempDir folder;
  const auto file = folder / "data.mdb";
  {
    const auto node = start_lmdb(folder.path());
    Storage storage(*node);
    for (int i = 0; i < 20; ++i) storage.put("kept", "x");  // leaves free pages for what the next transaction changes
    Batch batch;
    batch.put("gone", Bytes(4_MiB)).erase("gone");
    node->wait(storage.records->commit(std::move(batch)));
  }
  ASSERT_LT(fs::file_size(file), 4_MiB);
  const auto node = start_lmdb(folder.path());
  Storage storage(*node);
  EXPECT_EQ(storage.get("kept"), "x");
  EXPECT_GE(fs::file_size(file), 4_MiB) << "the case that this is about did not come up";
}

TEST(Lmdb, NewerFormatIsRefused) {
  const support::TempDir folder;
  start_lmdb(folder.path());
  const std::string newer = "drawbridge.storage-lmdb/2";
  auto row = to_bytes(newer);
  append_u64be(row, storage::checksum("format", view(newer)));
  put_raw(folder / "data.mdb", nullptr, std::string(1, '\0') + "format", row);
  const auto error = error_of([&] { start_lmdb(folder.path()); });
  EXPECT_EQ(error.code(), Code::unsupported) << error.what();
  EXPECT_NE(std::string(error.what()).find("has the format '" + newer + "'"), std::string::npos) << error.what();
}

TEST(Lmdb, AnotherProgramsDatabaseIsRefused) {
  const support::TempDir folder;
  put_raw(folder / "data.mdb", "mine", "a", to_bytes("b"));
  EXPECT_EQ(error_of([&] { start_lmdb(folder.path()); }).code(), Code::unsupported);
}

void fill(const fs::path& path) {
  const auto node = start_lmdb(path);
  Storage storage(*node);
  for (int i = 0; i < 100; ++i) storage.put("key/" + std::to_string(i), noise(50'000, static_cast<unsigned>(i)));
}

TEST(LmdbDamage, NoDatabase) {
  const support::TempDir folder;
  folder.write("data.mdb", std::string(20'000, 'x'));
  expect_corrupt(error_of([&] { start_lmdb(folder.path()); }), folder.path());
}

TEST(LmdbDamage, CutShort) {
  const support::TempDir folder;
  fill(folder.path());
  const auto file = folder / "data.mdb";
  const auto half = fs::file_size(file) / 2;
  fs::resize_file(file, half);
  expect_corrupt(error_of([&] { start_lmdb(folder.path()); }), folder.path());
  EXPECT_EQ(fs::file_size(file), half) << "what is damaged is left as it is";
}

TEST(LmdbDamage, Meta) {
  const support::TempDir folder;
  fill(folder.path());
  overwrite(folder / "data.mdb", 16, "damage damage");
  expect_corrupt(error_of([&] { start_lmdb(folder.path()); }), folder.path());
}

TEST(LmdbDamage, Values) {
  const support::TempDir folder;
  fill(folder.path());
  // Only inside of long values: LMDB takes what else is in its pages on trust.
  const auto marks = noise(50'000, 50);
  const auto file = to_text(read_file(folder / "data.mdb", 1_GiB));
  const auto at = file.find(to_text(BytesView(marks).first(64)));
  ASSERT_NE(at, std::string::npos);
  overwrite(folder / "data.mdb", static_cast<std::streamoff>(at + 20'000), "damage damage");
  const auto node = start_lmdb(folder.path());
  Storage storage(*node);
  EXPECT_TRUE(node->wait(storage.records->get("key/49")) == noise(50'000, 49));
  expect_corrupt(error_of([&] { storage.get("key/50"); }), folder.path());
  EXPECT_EQ(error_of([&] { node->wait(storage.records->scan("", "", 4096)); }).code(), Code::corrupt);
}

}  // namespace
}  // namespace drawbridge::storage_test
