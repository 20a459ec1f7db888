// What a cache remembers, forgets and never gets wrong.
#include <gtest/gtest.h>

#include <thread>

#include "layers.h"

namespace drawbridge::storage_test {
namespace {

/// A cache over a storage that fails all reads while the switch is on: what is then answered was remembered.
class CacheTest : public testing::Test {
 protected:
  void start(const std::string& options = {}) {
    node_ = start_layers(component("below", "memory") +
                         component("reads", "faulty", "over: below, calls: reads, " + off_.outage()) +
                         component("main", "cache", "over: reads" + (options.empty() ? "" : ", " + options)));
    storage_ = std::make_unique<Storage>(*node_);
  }
  bool remembers(const std::string& key) {
    off_.on();
    bool out = true;
    try {
      storage_->get(key);
    } catch (const Error&) {
      out = false;
    }
    off_.off();
    return out;
  }

  support::TempDir folder_;
  Switch off_{folder_ / "off"};
  std::unique_ptr<kernel::Node> node_;
  std::unique_ptr<Storage> storage_;
};

TEST_F(CacheTest, RemembersWhatWasWrittenAndRead) {
  start();
  storage_->put("k", "v");
  EXPECT_TRUE(remembers("k"));
  EXPECT_FALSE(remembers("absent"));
  EXPECT_EQ(storage_->get("absent"), "(absent)");
  EXPECT_TRUE(remembers("absent")) << "absence, too";
  storage_->put("absent", "now");
  EXPECT_EQ(storage_->get("absent"), "now");
  storage_->erase("k");
  EXPECT_EQ(storage_->get("k"), "(absent)");
}

TEST_F(CacheTest, LastChangeOfABatchCounts) {
  start("max_value: 100");
  Batch batch;
  batch.put("large", Bytes(200)).put("small", Bytes(200)).put("small", to_bytes("s")).put("gone", to_bytes("x"));
  batch.put("grown", to_bytes("g")).put("grown", Bytes(200)).erase("gone");
  node_->wait(storage_->records->commit(std::move(batch)));
  EXPECT_EQ(storage_->get("large").size(), 200U) << "what is too large is not remembered as absent";
  EXPECT_EQ(storage_->get("grown").size(), 200U);
  EXPECT_EQ(storage_->get("small"), "s");
  EXPECT_EQ(storage_->get("gone"), "(absent)");
  EXPECT_FALSE(remembers("large"));
  EXPECT_TRUE(remembers("small"));
}

TEST_F(CacheTest, KeepsItsBound) {
  start("max_bytes: 1MiB");
  for (int i = 0; i < 100; ++i) storage_->put("k" + std::to_string(i), Bytes(20'000));
  EXPECT_FALSE(remembers("k0"));
  EXPECT_TRUE(remembers("k99"));
  storage_->get("k60");  // the least recently used leaves first
  for (int i = 100; i < 120; ++i) {
    storage_->put("k" + std::to_string(i), Bytes(20'000));
    EXPECT_TRUE(remembers("k99"));
  }
  int remembered = 0;
  for (int i = 0; i < 120; ++i) remembered += remembers("k" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(remembered, 30);
  EXPECT_LT(remembered, 53);
}

TEST_F(CacheTest, RemembersBlobsByTheirParts) {
  start();
  const auto bytes = noise(300'000);
  storage_->store("blob", bytes);
  Bytes part(1000);
  EXPECT_EQ(node_->wait(storage_->blobs->read("blob", 70'000, part)), 1000U);
  off_.on();
  EXPECT_EQ(node_->wait(storage_->blobs->read("blob", 100'000, part)), 1000U) << "the same block";
  EXPECT_TRUE(std::equal(part.begin(), part.end(), bytes.begin() + 100'000));
  EXPECT_EQ(error_of([&] { node_->wait(storage_->blobs->read("blob", 200'000, part)); }).code(), Code::unavailable);
  off_.off();
  EXPECT_EQ(*storage_->load("blob"), bytes);
  EXPECT_TRUE(storage_->erase_blob("blob"));
  EXPECT_FALSE(storage_->load("blob"));
  EXPECT_EQ(error_of([&] { node_->wait(storage_->blobs->read("blob", 0, part)); }).code(), Code::not_found);
  storage_->store("blob", noise(10, 2));
  EXPECT_EQ(*storage_->load("blob"), noise(10, 2)) << "nothing is left of what had its name";
}

TEST_F(CacheTest, ForgetsWhatAFailedWriteMayHaveChanged) {
  const Switch writes(folder_ / "writes");
  node_ = start_layers(component("below", "memory") +
                       component("flaky", "faulty", "over: below, calls: writes, when: after, " + writes.outage()) +
                       component("main", "cache", "over: flaky"));
  storage_ = std::make_unique<Storage>(*node_);
  storage_->put("k", "old");
  writes.on();
  EXPECT_EQ(error_of([&] { storage_->put("k", "new"); }).code(), Code::unavailable);
  EXPECT_EQ(storage_->get("k"), "new") << "it took effect below";
}

/// Writers and readers of few keys at once, over a storage that is late by chance; in the end, and whenever nobody
/// writes, the cache and the storage agree.
TEST_F(CacheTest, AgreesWithTheStorageUnderConcurrentWriters) {
  node_ = start_layers(component("below", "memory") + component("late", "slow", "over: below, jitter: 2ms") +
                       component("main", "cache", "over: late"));
  storage_ = std::make_unique<Storage>(*node_);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::thread> threads;
    for (int who = 0; who < 6; ++who) {
      threads.emplace_back([this, who] {
        for (int i = 0; i < 20; ++i) {
          const auto key = "k" + std::to_string(i % 3);
          if (who % 2 == 0) {
            storage_->put(key, std::to_string(who) + "." + std::to_string(i));
          } else {
            storage_->get(key);
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    const auto below = content_of(*node_, "below");
    for (const auto& [name, value] : below) EXPECT_EQ(storage_->get(name.substr(1)), to_text(value));
  }
}

}  // namespace
}  // namespace drawbridge::storage_test
