// Copies between every two engines, and what can come between.
#include "kernel/cli/storage_copy.h"

#include <gtest/gtest.h>

#include <random>

#include "drawbridge/storage.h"
#include "support/node.h"

namespace drawbridge::cli {
namespace {

/// The engines, with %s for a folder of their own. A new one is one more line here.
const std::vector<std::pair<std::string, std::string>> engines = {
    {"memory", "plugin: storage.memory"},
    {"rocksdb", "plugin: storage.rocksdb, path: %s"},
    {"sqlite", "plugin: storage.sqlite, path: %s"},
    {"lmdb", "plugin: storage.lmdb, path: %s"},
};

void no_progress(const char*, std::uint64_t, std::optional<std::uint64_t>) {}

Task<> store(Blobs& blobs, std::string id, Bytes bytes) {
  const auto writer = co_await blobs.create();
  co_await writer->write(bytes);
  co_await writer->commit(std::move(id));
}

class StorageCopy : public testing::Test {
 protected:
  /// Lines of the `storage:` section.
  void start(const std::string& lines) { node_ = support::start_node("node: {name: test}\nstorage:\n" + lines); }

  std::string engine(std::size_t which, const std::string& name) {
    auto options = engines[which].second;
    const auto at = options.find("%s");
    if (at != std::string::npos) options.replace(at, 2, (folder_ / (name + std::to_string(++folders_))).string());
    return "  " + name + ": {" + options + "}\n";
  }
  StorageSide side(const std::string& name) { return storage_side(*node_, name); }
  StorageContent content(const std::string& name) { return content_of(*node_, side(name), no_progress); }
  CopyResult copy(const std::string& from, const std::string& to) {
    return copy_storage(*node_, side(from), side(to), no_progress);
  }
  void put(const std::string& name, const Key& key, Bytes value) {
    Batch batch;
    batch.put(key, std::move(value));
    node_->wait(side(name).records->commit(std::move(batch)));
  }

  Bytes noise(std::size_t size) {
    Bytes out(size);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_() >> 32);
    return out;
  }
  /// Records of many sizes, some with keys of odd bytes, and blobs small and large.
  void fill(const std::string& name, int records = 3000) {
    const auto storage = side(name);
    Batch batch;
    for (int i = 0; i < records; ++i) {
      batch.put("k/" + std::to_string(random_() % 1'000'000), noise(random_() % 200));
    }
    batch.put(Key("\0\xff", 2), {}).put(Key(1024, 'x'), noise(5)).put(Key(15, '\xff'), noise(7));
    node_->wait(storage.records->commit(std::move(batch)));
    for (int i = 0; i < 4; ++i) put(name, "large/" + std::to_string(i), noise(5'000'000));
    for (const std::size_t size : {0, 1, 1000, 70'000, 3'000'000}) {
      node_->wait(store(*storage.blobs, "blob-" + std::to_string(size), noise(size)));
    }
  }

  support::TempDir folder_;
  int folders_ = 0;
  std::unique_ptr<kernel::Node> node_;
  std::mt19937_64 random_{5};
};

TEST_F(StorageCopy, BetweenAllEnginesThereAndBack) {
  for (std::size_t one = 0; one < engines.size(); ++one) {
    for (std::size_t other = 0; other < engines.size(); ++other) {
      SCOPED_TRACE(engines[one].first + " to " + engines[other].first);
      start(engine(one, "from") + engine(other, "to") + engine(one, "back"));
      fill("from", 1000);
      const auto before = content("from");
      EXPECT_EQ(copy("from", "to").content, before);
      EXPECT_EQ(copy("to", "back").content, before);
      EXPECT_EQ(content("back"), before);
      EXPECT_EQ(content("to"), before) << "no note of the copy is left";
      EXPECT_EQ(before.blobs, 5U);
      EXPECT_GT(before.records, 900U);
      std::printf("%s\n", before.hash.c_str());
      node_.reset();
    }
  }
}

TEST_F(StorageCopy, HashTellsAnyDifference) {
  start(engine(0, "a") + engine(0, "b"));
  EXPECT_EQ(content("a"), content("b"));
  put("a", "k", to_bytes("v"));
  const auto first = content("a");
  EXPECT_NE(first.hash, content("b").hash);
  put("b", "k", to_bytes("w"));
  EXPECT_NE(first.hash, content("b").hash);
  put("b", "k", to_bytes("v"));
  EXPECT_EQ(first.hash, content("b").hash);
  put("b", std::string(internal_keys) + "note", to_bytes("x"));
  EXPECT_EQ(first.hash, content("b").hash) << "notes of layers do not count";
  node_->wait(store(*side("b").blobs, "blob", {}));
  EXPECT_NE(first.hash, content("b").hash);
  EXPECT_EQ(first.hash.size(), 7U + 64U);
}

TEST_F(StorageCopy, IsResumedAfterEveryKindOfEnd) {
  // The target fails for good at some call, a later one at each run, as if the disk were full there.
  start(engine(0, "from") + engine(0, "disk") +
        "  to: {plugin: storage.faulty, over: disk, calls: writes, when: either, per_million: 60000, seed: 9}\n");
  fill("from", 20'000);
  int stopped = 0;
  for (;; ++stopped) {
    ASSERT_LT(stopped, 500);
    try {
      const auto result = copy("from", "to");
      EXPECT_EQ(result.content, content("from"));
      EXPECT_TRUE(result.resumed);
      break;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::unavailable) << error.what();
      const std::string what = error.what();
      if (what.starts_with("the copy stopped")) {
        EXPECT_NE(error.hint().find("run the same command again"), std::string::npos) << error.hint();
      }
    }
  }
  std::printf("stopped %d times\n", stopped);
  EXPECT_GT(stopped, 1);
  EXPECT_EQ(content("disk"), content("from"));
}

TEST_F(StorageCopy, AFullTargetSaysWhatToDo) {
  start(engine(0, "from") + "  to: {plugin: storage.memory, max_bytes: 8MiB}\n");
  fill("from", 100);
  try {
    copy("from", "to");
    ADD_FAILURE() << "it fits";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::too_large);
    EXPECT_TRUE(std::string(error.what()).starts_with("the copy stopped in the middle: ")) << error.what();
    EXPECT_NE(error.hint().find("run the same command again, it goes on where it stopped"), std::string::npos);
  }
}

TEST_F(StorageCopy, TheSourceMayChangeBetweenTheRuns) {
  start(engine(0, "from") + engine(0, "disk") +
        "  to: {plugin: storage.faulty, over: disk, calls: writes, per_million: 400000, seed: 1}\n");
  fill("from", 5'000);
  for (int run = 0;; ++run) {
    ASSERT_LT(run, 1000);
    try {
      copy("from", "to");
      break;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::unavailable) << error.what();
    }
    if (run > 8) continue;
    put("from", "k/", noise(10));  // before and behind wherever the copy is
    put("from", "z" + std::to_string(run), noise(10));
    Batch batch;
    batch.erase("large/" + std::to_string(run));
    node_->wait(side("from").records->commit(std::move(batch)));
  }
  EXPECT_EQ(content("disk"), content("from"));
}

TEST_F(StorageCopy, RefusesATargetWithOtherData) {
  start(engine(0, "from") + engine(0, "other") + engine(0, "to"));
  put("from", "k", to_bytes("v"));
  put("other", "k", to_bytes("v"));
  put("to", "mine", to_bytes("v"));
  const auto code = [&](const std::string& from, const std::string& to) {
    try {
      copy(from, to);
    } catch (const Error& error) {
      EXPECT_NE(error.hint(), "");
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code("from", "to"), Code::conflict);
  Batch note;  // what an interrupted copy of another source leaves
  note.erase("mine").put(std::string(internal_keys) + "copy", to_bytes("drawbridge.copy/1\nother\nr\n"));
  node_->wait(side("to").records->commit(std::move(note)));
  EXPECT_EQ(code("from", "to"), Code::conflict);
  EXPECT_EQ(copy("other", "to").resumed, true);
}

TEST_F(StorageCopy, ADamagedCopyIsToldFromAGoodOne) {
  start(engine(0, "from") + engine(0, "disk") +
        "  to: {plugin: storage.corrupt, over: disk, what: blobs, per_million: 1000000}\n");
  node_->wait(store(*side("from").blobs, "blob", noise(1000)));
  try {
    copy("from", "to");
    ADD_FAILURE() << "nobody noticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::corrupt) << error.what();
  }
}

TEST_F(StorageCopy, NamesThatAreNoStorage) {
  start(engine(0, "from"));
  EXPECT_THROW(side("form"), Error);
  EXPECT_THROW(copy("from", "from"), Error);
}

TEST_F(StorageCopy, IntoAMirrorAndOutOfOneOfItsStorages) {
  start(engine(0, "from") + engine(0, "a") + engine(0, "b") +
        "  both: {plugin: storage.mirror, first: a, second: b}\n" + engine(0, "back"));
  fill("from", 100);
  EXPECT_EQ(copy("from", "both").content, content("from"));
  EXPECT_EQ(content("a"), content("from"));
  EXPECT_EQ(content("b"), content("from"));
  EXPECT_EQ(copy("b", "back").content, content("from"));
}

}  // namespace
}  // namespace drawbridge::cli
