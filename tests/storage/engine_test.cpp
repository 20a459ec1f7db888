// What every storage on an embedded engine promises: it keeps, it guards its folder, it has bounds.
#include <array>
#include <atomic>
#include <latch>
#include <thread>

#include "engines.h"
#include "process.h"

namespace drawbridge::storage_test {
namespace {

namespace fs = std::filesystem;

class Engine : public EngineTest {};
DRAWBRIDGE_EACH_ENGINE(Engine);

TEST_P(Engine, SurvivesReopening) {
  const support::TempDir folder;
  const auto small = noise(1000), large = noise(300'000);
  for (int i = 0; i < 3; ++i) {
    const auto node = start(folder.path());
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

TEST_P(Engine, SurvivesReopeningWithoutSync) {
  const support::TempDir folder;
  for (int i = 0; i < 2; ++i) {
    const auto node = start(folder.path(), "sync: false");
    Storage storage(*node);
    EXPECT_EQ(storage.get("kept"), i > 0 ? "x" : "(absent)");
    storage.put("kept", "x");
    storage.store("large", noise(300'000));
    EXPECT_TRUE(storage.load("large") == noise(300'000));
  }
}

TEST_P(Engine, FolderIsForItsOwnerOnly) {
  const support::TempDir folder;
  const auto node = start(folder / "new" / "folder");
  const auto status = fs::status(folder / "new" / "folder");
  EXPECT_EQ(status.permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}

TEST_P(Engine, TwoComponentsOnOnePath) {
  const support::TempDir folder;
  const auto first = start(folder.path());
  const auto error = error_of([&] { start(folder.path()); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("'" + folder.string() + "' is in use by another component of this process"),
            std::string::npos)
      << error.what();
  EXPECT_NE(error.hint(), "");
  Storage storage(*first);
  storage.put("a", "the first one goes on");
}

TEST_P(Engine, TwoProcessesOnOnePath) {
  const support::TempDir folder;
  Child holder({"hold", GetParam().plugin, folder.string()});
  std::string pid;
  ASSERT_TRUE(holder.read_line(pid));
  const auto error = error_of([&] { start(folder.path()); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("is in use by process " + pid), std::string::npos) << error.what();
  holder.kill();
  holder.wait();
  start(folder.path());
}

TEST_P(Engine, FolderThatCannotBeMade) {
  const support::TempDir folder;
  const auto file = folder.write("file", "x");
  const auto error = error_of([&] { start(file / "db"); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("make the folder"), std::string::npos) << error.what();
}

TEST_P(Engine, SmallBlobsAreInTheDatabaseAndLargeOnesInFiles) {
  const support::TempDir folder;
  const auto node = start(folder.path());
  Storage storage(*node);
  storage.store("small", noise(64_KiB));
  EXPECT_TRUE(files_with(folder / "blobs", "small").empty());
  storage.store("large", noise(64_KiB + 1));
  EXPECT_EQ(files_with(folder / "blobs", "large.").size(), 1u);
  EXPECT_TRUE(storage.erase_blob("large"));
  EXPECT_TRUE(files_with(folder / "blobs", "large.").empty());
}

TEST_P(Engine, BatchBeyondItsBoundIsRefused) {
  const support::TempDir folder;
  const auto node = start(folder.path(), "max_batch_bytes: 17MiB");
  Storage storage(*node);
  Batch batch;
  batch.put("a", Bytes(10_MiB)).put("b", Bytes(10_MiB));
  const auto error = error_of([&] { node->wait(storage.records->commit(std::move(batch))); });
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_NE(std::string(error.what()).find("max_batch_bytes"), std::string::npos) << error.what();
  EXPECT_EQ(storage.get("a"), "(absent)");
}

TEST_P(Engine, FullQueueIsBusy) {
  const support::TempDir folder;
  const auto node = start(folder.path(), "max_batch_bytes: 17MiB");
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

TEST_P(Engine, BlobBeyondItsBoundIsRefused) {
  const support::TempDir folder;
  const auto node = start(folder.path(), "max_blob_bytes: 1MiB");
  Storage storage(*node);
  const auto error = error_of([&] { storage.store("large", noise(1_MiB + 1)); });
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_NE(std::string(error.what()).find("max_blob_bytes"), std::string::npos) << error.what();
  storage.store("fits", noise(1_MiB));
  EXPECT_EQ(files_with(folder / "blobs", "").size(), 1u);
}

TEST_P(Engine, DamagedBlobFile) {
  const support::TempDir folder;
  const auto node = start(folder.path());
  Storage storage(*node);
  storage.store("cut", noise(300'000));
  storage.store("missing", noise(300'000));
  fs::resize_file(files_with(folder / "blobs", "cut.").front(), 100'000);
  fs::remove(files_with(folder / "blobs", "missing.").front());
  EXPECT_EQ(error_of([&] { storage.load("cut"); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.load("missing"); }).code(), Code::corrupt);
}

TEST_P(Engine, LeftoversOfACrashAreRemoved) {
  const support::TempDir folder;
  const auto large = noise(300'000);
  {
    const auto node = start(folder.path());
    Storage storage(*node);
    storage.store("kept", large);
  }
  // As a crash would leave it: no mark of a clean end, a draft, and files that the index does not know.
  const support::TempDir crashed;
  fs::copy(folder.path(), crashed.path(), fs::copy_options::recursive);
  {
    const auto node = start(crashed.path());
    for (const auto& entry : fs::directory_iterator(crashed.path())) {
      if (entry.path().filename() == "blobs") continue;
      fs::remove_all(folder / entry.path().filename());
      fs::copy(entry.path(), folder / entry.path().filename(), fs::copy_options::recursive);
    }
  }
  fs::create_directories(folder / "blobs" / "ab");
  folder.write("blobs/drafts/00000000deadbeef", "draft");
  folder.write("blobs/ab/stranger.ab00000000000000", "no entry");
  folder.write("blobs/ab/kept.ab00000000000000", "an entry with another token");
  const auto node = start(folder.path());
  Storage storage(*node);
  EXPECT_EQ(files_with(folder / "blobs", "").size(), 1u);
  EXPECT_TRUE(storage.load("kept") == large);
}

}  // namespace
}  // namespace drawbridge::storage_test
