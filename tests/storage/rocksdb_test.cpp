// What only storage.rocksdb promises: it keeps, it guards its folder, it notices damage.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "fixture.h"

namespace drawbridge::storage_test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_with(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> found;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file() && file.path().filename().string().find(part) != std::string::npos)
      found.push_back(file);
  }
  std::ranges::sort(found);
  return found;
}

void overwrite(const fs::path& file, std::streamoff offset, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(offset);
  out << bytes;
  ASSERT_TRUE(out.flush());
}

TEST(Rocksdb, SurvivesReopening) {
  const support::TempDir folder;
  const auto small = noise(1000), large = noise(300'000);
  for (int i = 0; i < 3; ++i) {
    const auto node = start_rocksdb(folder.path());
    Storage storage(*node);
    if (i > 0) {
      EXPECT_EQ(storage.get("kept"), "round " + std::to_string(i - 1));
      EXPECT_EQ(storage.get("erased"), "(absent)");
      EXPECT_TRUE(storage.load("small") == small);
      EXPECT_TRUE(storage.load("large") == large);
      EXPECT_FALSE(storage.load("erased"));
    }
    storage.put("kept", "round " + std::to_string(i));
    storage.put("erased", "x");
    storage.erase("erased");
    storage.store("small", small);
    storage.store("large", large);
    storage.store("erased", large);
    EXPECT_TRUE(storage.erase_blob("erased"));
  }
}

TEST(Rocksdb, SurvivesReopeningWithoutSync) {
  const support::TempDir folder;
  for (int i = 0; i < 2; ++i) {
    const auto node = start_rocksdb(folder.path(), "sync: false");
    Storage storage(*node);
    EXPECT_EQ(storage.get("kept"), i > 0 ? "x" : "(absent)");
    storage.put("kept", "x");
    storage.store("large", noise(300'000));
    EXPECT_TRUE(storage.load("large") == noise(300'000));
  }
}

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

TEST(Rocksdb, FolderIsForItsOwnerOnly) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder / "new" / "folder");
  const auto status = fs::status(folder / "new" / "folder");
  EXPECT_EQ(status.permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}

TEST(Rocksdb, TwoNodesOnOnePath) {
  const support::TempDir folder;
  const auto first = start_rocksdb(folder.path());
  const auto error = error_of([&] { start_rocksdb(folder.path()); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("'" + folder.string() + "' is in use by another process"), std::string::npos)
      << error.what();
  EXPECT_NE(error.hint(), "");
  Storage storage(*first);
  storage.put("a", "the first one goes on");
}

TEST(Rocksdb, FolderThatCannotBeMade) {
  const support::TempDir folder;
  const auto file = folder.write("file", "x");
  const auto error = error_of([&] { start_rocksdb(file / "db"); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("make the folder"), std::string::npos) << error.what();
}

TEST(Rocksdb, SmallBlobsAreInTheDatabaseAndLargeOnesInFiles) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder.path());
  Storage storage(*node);
  storage.store("small", noise(64_KiB));
  EXPECT_TRUE(files_with(folder / "blobs", "small").empty());
  storage.store("large", noise(64_KiB + 1));
  EXPECT_EQ(files_with(folder / "blobs", "large.").size(), 1u);
  EXPECT_TRUE(storage.erase_blob("large"));
  EXPECT_TRUE(files_with(folder / "blobs", "large.").empty());
}

TEST(Rocksdb, BatchBeyondItsBoundIsRefused) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder.path(), "max_batch_bytes: 17MiB");
  Storage storage(*node);
  Batch batch;
  batch.put("a", Bytes(10_MiB)).put("b", Bytes(10_MiB));
  const auto error = error_of([&] { node->wait(storage.records->commit(std::move(batch))); });
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_NE(std::string(error.what()).find("max_batch_bytes"), std::string::npos) << error.what();
  EXPECT_EQ(storage.get("a"), "(absent)");
}

TEST(Rocksdb, FullQueueIsBusy) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder.path(), "max_batch_bytes: 17MiB");
  Storage storage(*node);
  constexpr int clients = 128;  // with 1 MiB each, far more than may be queued
  std::latch ready(clients);
  std::array<std::atomic<Code>, clients> results{};
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      Batch batch;
      batch.put("key/" + std::to_string(i), Bytes(1_MiB));
      ready.arrive_and_wait();
      try {
        node->wait(storage.records->commit(std::move(batch)));
        results[i] = Code::unsupported;  // stands for none
      } catch (const Error& error) {
        results[i] = error.code();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  int busy = 0;
  for (int i = 0; i < clients; ++i) {
    const bool there = node->wait(storage.records->get("key/" + std::to_string(i))).has_value();
    EXPECT_EQ(there, results[i] == Code::unsupported);
    EXPECT_TRUE(there || results[i] == Code::busy) << name(results[i]);
    busy += results[i] == Code::busy;
  }
  EXPECT_GT(busy, 0);
  storage.put("later", "there is room again");
}

TEST(Rocksdb, BlobBeyondItsBoundIsRefused) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder.path(), "max_blob_bytes: 1MiB");
  Storage storage(*node);
  const auto error = error_of([&] { storage.store("large", noise(1_MiB + 1)); });
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_NE(std::string(error.what()).find("max_blob_bytes"), std::string::npos) << error.what();
  storage.store("fits", noise(1_MiB));
  EXPECT_EQ(files_with(folder / "blobs", "").size(), 1u);
}

TEST(Rocksdb, LeftoversOfACrashAreRemoved) {
  const support::TempDir folder;
  const auto large = noise(300'000);
  {
    const auto node = start_rocksdb(folder.path());
    Storage storage(*node);
    storage.store("kept", large);
  }
  // As a crash would leave it: no mark of a clean end, a draft, and files that the index does not know.
  const support::TempDir crashed;
  fs::copy(folder.path(), crashed.path(), fs::copy_options::recursive);
  {
    const auto node = start_rocksdb(crashed.path());
    fs::remove_all(folder / "db");
    fs::copy(crashed / "db", folder / "db", fs::copy_options::recursive);
  }
  fs::create_directories(folder / "blobs" / "ab");
  folder.write("blobs/drafts/00000000deadbeef", "draft");
  folder.write("blobs/ab/stranger.ab00000000000000", "no entry");
  folder.write("blobs/ab/kept.ab00000000000000", "an entry with another token");
  const auto node = start_rocksdb(folder.path());
  Storage storage(*node);
  EXPECT_EQ(files_with(folder / "blobs", "").size(), 1u);
  EXPECT_TRUE(storage.load("kept") == large);
}

/// A database with much in its tables and a little in its log.
void fill(const fs::path& path) {
  const auto node = start_rocksdb(path, "write_buffer: 1MiB");
  Storage storage(*node);
  for (int i = 0; i < 100; ++i) storage.put("key/" + std::to_string(i), noise(50'000, static_cast<unsigned>(i)));
  storage.store("large", noise(300'000));
}

void expect_corrupt(const Error& error, const fs::path& path) {
  EXPECT_EQ(error.code(), Code::corrupt) << error.what();
  EXPECT_TRUE(std::string(error.what()).find("storage 'main': ") != std::string::npos) << error.what();
  EXPECT_NE(error.hint().find("restore '" + path.string() + "' from a backup"), std::string::npos) << error.hint();
  std::printf("  %s\n", error.what());
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

TEST(RocksdbDamage, BlobFile) {
  const support::TempDir folder;
  const auto node = start_rocksdb(folder.path());
  Storage storage(*node);
  storage.store("cut", noise(300'000));
  storage.store("missing", noise(300'000));
  fs::resize_file(files_with(folder / "blobs", "cut.").front(), 100'000);
  fs::remove(files_with(folder / "blobs", "missing.").front());
  EXPECT_EQ(error_of([&] { storage.load("cut"); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.load("missing"); }).code(), Code::corrupt);
}

TEST(RocksdbDamage, AnotherFormat) {
  const support::TempDir folder;
  fs::create_directories(folder / "db");
  folder.write("db/CURRENT", "MANIFEST-000001\n");
  expect_corrupt(error_of([&] { start_rocksdb(folder.path()); }), folder.path());
}

}  // namespace
}  // namespace drawbridge::storage_test
