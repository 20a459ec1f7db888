// What only storage.memory promises: a bound on its memory, which counts everything and is given back.
#include <gtest/gtest.h>

#include "fixture.h"

namespace drawbridge::storage_test {
namespace {

TEST(MemoryStorage, RefusesBeyondItsBound) {
  const auto node = start_storage("storage.memory", "max_bytes: 1MiB");
  Storage storage(*node);
  storage.put("a", Bytes(600'000));
  const auto error = error_of([&] { storage.put("b", Bytes(600'000)); });
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_STREQ(error.what(), "the storage in memory is full: max_bytes is 1MiB");
  EXPECT_NE(error.hint(), "");
  EXPECT_EQ(storage.get("b"), "(absent)");
  EXPECT_EQ(error_of([&] { storage.store("blob", Bytes(600'000)); }).code(), Code::too_large);
  EXPECT_FALSE(storage.load("blob"));
}

TEST(MemoryStorage, GivesBackWhatIsErasedOrReplaced) {
  const auto node = start_storage("storage.memory", "max_bytes: 1MiB");
  Storage storage(*node);
  for (int i = 0; i < 20; ++i) {
    storage.put("a", Bytes(600'000));  // replaces
    storage.put("a", Bytes(1));
    storage.put("b", Bytes(600'000));
    storage.erase("b");
    storage.store("blob", Bytes(600'000));
    EXPECT_TRUE(storage.erase_blob("blob"));
  }
}

Task<> abandon(Blobs& blobs, BytesView bytes) {
  const auto writer = co_await blobs.create();
  co_await writer->write(bytes);
}

TEST(MemoryStorage, GivesBackWhatWritersLeave) {
  const auto node = start_storage("storage.memory", "max_bytes: 1MiB");
  Storage storage(*node);
  const Bytes bytes(600'000);
  for (int i = 0; i < 20; ++i) node->wait(abandon(*storage.blobs, bytes));
  storage.store("kept", bytes);
  EXPECT_EQ(error_of([&] { node->wait(abandon(*storage.blobs, bytes)); }).code(), Code::too_large);
  EXPECT_TRUE(storage.load("kept") == bytes);
}

TEST(MemoryStorage, StartsEmpty) {
  for (int i = 0; i < 2; ++i) {
    const auto node = start_storage("storage.memory");
    Storage storage(*node);
    EXPECT_EQ(storage.get("a"), "(absent)");
    storage.put("a", "one");
  }
}

}  // namespace
}  // namespace drawbridge::storage_test
