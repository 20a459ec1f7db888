// Shares whose ledger or records fail on the way: nothing of them stays but, where it was recorded, the event.
#include <set>

#include "drawbridge/cbor.h"
#include "sharing.h"

namespace drawbridge {
namespace {

using namespace test;

class Unfinished : public testing::Test {
 protected:
  ~Unfinished() override { alice.backdoor()->before_commit({}); }

  /// Commits that write a key which begins so fail from now on, `times` of them. Their asset is noted.
  void fail_at(const std::string& prefix, int times = 1) {
    auto left = std::make_shared<std::atomic<int>>(times);
    alice.backdoor()->before_commit([this, prefix, left](const Batch& batch) {
      for (const auto& [key, value] : batch.changes()) {
        if (value && key.starts_with("sharing/")) asset = key.substr(8);
        if (value && key.starts_with(prefix) && *left > 0) {
          --*left;
          throw Error(Code::unavailable, "told to fail at " + prefix);
        }
      }
    });
  }

  /// All that the share has left, but for the ledger.
  std::set<std::string> traces() const {
    std::set<std::string> out;
    for (const auto& [key, value] : alice.backdoor()->records()) {
      if (key.find(asset) != std::string::npos && !key.starts_with("ledger/")) out.insert(key);
    }
    if (stored(alice, asset)) out.insert("the envelope");
    return out;
  }

  void expect_failure() {
    expect_throws(Code::unavailable, [&] { share(alice, "bob", pattern(1000)); });
    EXPECT_FALSE(asset.empty());
  }

  TestNode& alice = nodes().alice;
  TestNode& bob = nodes().bob;
  std::string asset;
};

TEST_F(Unfinished, WhereverTheStorageFailsNothingStays) {
  for (const auto* step : {"sharing/", "grant/", "ledger/", "asset/"}) {
    asset.clear();
    fail_at(step);
    expect_failure();
    EXPECT_EQ(traces(), std::set<std::string>{}) << step;
    expect_throws(Code::not_found, [&] { alice.wait(alice.keeper()->release(asset, bob.id())); });
    EXPECT_FALSE(alice.wait(alice.assets()->find(asset))) << step;
  }
  EXPECT_EQ(event_types(alice, asset), (std::vector<std::string>{"shared", "abandoned"}));
  EXPECT_EQ(alice.wait(alice.ledger()->audit()), alice.wait(alice.ledger()->head()));
  EXPECT_EQ(open_all(bob, share(alice, "bob", pattern(11)).asset), pattern(11));
}

TEST_F(Unfinished, WhatCannotBeRemovedAtOnceIsAtTheNextStart) {
  std::atomic<bool> failing = false;
  alice.backdoor()->before_commit([&](const Batch& batch) {
    for (const auto& [key, value] : batch.changes()) {
      if (value && key.starts_with("sharing/")) asset = key.substr(8);
      failing = failing || (value && key.starts_with("asset/"));
    }
    if (failing) throw Error(Code::unavailable, "disk full");
  });
  expect_failure();
  EXPECT_TRUE(traces().contains("grant/" + asset + "/" + bob.id()));
  EXPECT_TRUE(traces().contains("sharing/" + asset));
  alice.backdoor()->before_commit({});
  alice.restart();
  EXPECT_EQ(traces(), std::set<std::string>{});
  EXPECT_EQ(event_types(alice, asset), (std::vector<std::string>{"shared", "abandoned"}));
  alice.restart();
  EXPECT_EQ(event_types(alice, asset).size(), 2u) << "abandoned once";
}

TEST_F(Unfinished, AnEndBeforeTheGrantIsCleanedUpToo) {
  // As kill -9 leaves it: the note and the envelope, and nothing else.
  asset = "sha256:" + std::string(64, 'e');
  alice.backdoor()->put_blob(asset, pattern(10));
  Batch batch;
  batch.put("sharing/" + asset, encode(CborMap{{"grantee", bob.id()}, {"time", 1}}));
  alice.wait(alice.records()->commit(std::move(batch)));
  alice.restart();
  EXPECT_EQ(traces(), std::set<std::string>{});
  EXPECT_TRUE(event_types(alice, asset).empty()) << "what was never recorded is not recorded as abandoned";
}

TEST_F(Unfinished, AnAnnouncementThatComesAgainAfterACrashIsRecordedOnce) {
  std::atomic<int> left = 1;
  bob.backdoor()->before_commit([&](const Batch& batch) {
    for (const auto& [key, value] : batch.changes()) {
      if (value && key.starts_with("received/") && left-- > 0) throw Error(Code::unavailable, "as if it were killed");
    }
  });
  const Shared shared = share(alice, "bob", pattern(10));
  EXPECT_FALSE(shared.delivered);
  EXPECT_EQ(event_types(bob, shared.asset), std::vector<std::string>{"received"}) << "the event came first";
  eventually([&] { return bob.wait(bob.assets()->find(shared.asset)).has_value(); }, "it is announced again");
  bob.backdoor()->before_commit({});
  EXPECT_EQ(event_types(bob, shared.asset), std::vector<std::string>{"received"});
}

TEST_F(Unfinished, ARevocationThatComesAgainAfterACrashIsFinished) {
  const Shared shared = share(alice, "bob", pattern(10));
  eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  std::atomic<int> left = 1;
  bob.backdoor()->before_commit([&](const Batch& batch) {
    for (const auto& [key, value] : batch.changes()) {
      if (!value && key == "received/" + shared.asset && left-- > 0) {
        throw Error(Code::unavailable, "as if it were killed");
      }
    }
  });
  alice.wait(alice.assets()->revoke(shared.asset, std::nullopt));
  eventually([&] { return event_types(bob, shared.asset).size() == 2; }, "the revocation comes again");
  bob.backdoor()->before_commit({});
  EXPECT_FALSE(stored(bob, shared.asset));
  EXPECT_EQ(event_types(bob, shared.asset), (std::vector<std::string>{"received", "revoked"}));
}

TEST_F(Unfinished, DeliveriesThatWaitAreCounted) {
  const auto pending = [&] { return alice.wait(alice.assets()->pending()); };
  eventually([&] { return pending() == 0; }, "nothing waits");
  bob.stop();
  const Shared one = share(alice, "bob", pattern(10));
  share(alice, "bob", pattern(10));
  EXPECT_EQ(pending(), 2u);
  alice.wait(alice.assets()->revoke(one.asset, std::nullopt));
  EXPECT_EQ(pending(), 2u) << "the revocation took the announcement's place";
  bob.start();
  eventually([&] { return pending() == 0; }, "all is delivered");
}

}  // namespace
}  // namespace drawbridge
