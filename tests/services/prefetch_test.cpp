// How much a peer may make a node fetch that nobody asked for.
#include "sharing.h"

namespace drawbridge {
namespace {

using namespace test;

/// carol takes envelopes of 100 KiB ahead, and of each peer 150 KiB.
class Prefetch : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    carol = new TestNode("carol", ", prefetch_asset_limit: 100KiB, prefetch_limit: 150KiB");
    carol->start();
    for (TestNode* other : {&nodes().alice, &nodes().bob}) {
      other->wait(other->identity()->add_peer(carol->identity()->card()));
      carol->wait(carol->identity()->add_peer(other->identity()->card()));
    }
  }
  static void TearDownTestSuite() {
    for (TestNode* other : {&nodes().alice, &nodes().bob}) {
      other->wait(other->identity()->remove_peer(carol->id()));
    }
    delete carol;
    carol = nullptr;
  }
  /// What is opened or revoked counts no longer, so that each test begins with nothing.
  void TearDown() override {
    for (const auto& [owner, asset] : shared_) owner->wait(owner->assets()->revoke(asset, std::nullopt));
    eventually([&] { return counted() == 0; }, "nothing is counted");
  }

  std::string give(std::size_t size, TestNode& owner = nodes().alice) {
    const std::string asset = share(owner, "carol", pattern(size)).asset;
    shared_.emplace_back(&owner, asset);
    settle();
    EXPECT_EQ(event_types(*carol, asset), std::vector<std::string>{"received"}) << "it is noted in any case";
    return asset;
  }
  /// Waits until all that was announced is fetched or left.
  static void settle() {
    eventually([] { return with_prefix("inbox/") == 0; }, "carol's inbox is empty");
  }
  static std::size_t counted() { return with_prefix("prefetched/"); }
  static std::size_t with_prefix(const std::string& prefix) {
    std::size_t count = 0;
    for (const auto& [key, value] : carol->backdoor()->records()) count += key.starts_with(prefix) ? 1 : 0;
    return count;
  }
  static std::string delivery(const std::string& asset) {
    return carol->wait(carol->assets()->find(asset)).value().delivery;
  }

  static TestNode* carol;
  std::vector<std::pair<TestNode*, std::string>> shared_;
};
TestNode* Prefetch::carol = nullptr;

TEST_F(Prefetch, AnEnvelopeThatIsTooLongIsFetchedWhenItIsOpened) {
  const std::string asset = give(200'000);
  EXPECT_FALSE(stored(*carol, asset));
  EXPECT_EQ(delivery(asset), "remote");
  EXPECT_EQ(open_all(*carol, asset), pattern(200'000));
  EXPECT_TRUE(stored(*carol, asset));
  EXPECT_EQ(delivery(asset), "stored");
  EXPECT_EQ(counted(), 0u) << "what was asked for does not count";
}

TEST_F(Prefetch, APeerFillsNoMoreThanItsQuota) {
  const std::string first = give(60'000);
  const std::string second = give(60'000);
  const std::string third = give(60'000);
  EXPECT_TRUE(stored(*carol, first));
  EXPECT_TRUE(stored(*carol, second));
  EXPECT_FALSE(stored(*carol, third));
  EXPECT_TRUE(stored(*carol, give(60'000, nodes().bob))) << "each peer has its own";
  EXPECT_EQ(open_all(*carol, third), pattern(60'000));

  EXPECT_EQ(open_all(*carol, first), pattern(60'000));
  EXPECT_TRUE(stored(*carol, give(60'000))) << "what was opened makes room";
  EXPECT_FALSE(stored(*carol, give(60'000)));
}

TEST_F(Prefetch, ARestartForgetsNothing) {
  give(60'000);
  give(60'000);
  carol->restart();
  EXPECT_FALSE(stored(*carol, give(60'000)));
}

TEST_F(Prefetch, ARevocationMakesRoom) {
  const std::string first = give(60'000);
  give(60'000);
  nodes().alice.wait(nodes().alice.assets()->revoke(first, std::nullopt));
  eventually([] { return counted() == 1; }, "the revocation");
  EXPECT_TRUE(stored(*carol, give(60'000)));
}

TEST_F(Prefetch, AFetchThatFailsCountsForNothing) {
  TestNode& alice = nodes().alice;
  carol->stop();
  const std::string asset = share(alice, "carol", pattern(60'000)).asset;
  shared_.emplace_back(&alice, asset);
  const Bytes good = alice.backdoor()->blobs().at(asset);
  Bytes bad = good;
  bad[30'000] ^= 1;
  alice.backdoor()->put_blob(asset, bad);
  std::atomic<int> released = 0;
  carol->start({"main"});
  carol->backdoor()->before_commit([&](const Batch& batch) {
    for (const auto& [key, value] : batch.changes()) released += !value && key.starts_with("prefetched/") ? 1 : 0;
  });
  carol->restart();
  eventually([&] { return released > 0; }, "a try that failed");
  carol->backdoor()->before_commit({});
  EXPECT_FALSE(stored(*carol, asset));
  alice.backdoor()->put_blob(asset, good);
  eventually([&] { return stored(*carol, asset); }, "the next try");
  EXPECT_EQ(counted(), 1u);
}

}  // namespace
}  // namespace drawbridge
