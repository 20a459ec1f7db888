// The spool of deliveries by itself: the test is its peers.
#include <set>

#include "assets/delivery.h"
#include "fixture.h"
#include "http/host.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override { node_.start({"main"}); }
  void TearDown() override {
    if (spool_) host_.wait(spool_->stop());
    spool_.reset();
    node_.stop();
  }

  /// `work` is called on the host's threads.
  void start(Spool::Work work, Milliseconds keep = 1h) {
    spool_ = std::make_unique<Spool>(host_, *node_.records(), turns_, "test/", keep, std::move(work));
    spool_->start();
  }
  void put(const std::string& peer, const std::string& what, Milliseconds age = 0ms) {
    Bytes value;
    append_u64be(value, static_cast<std::uint64_t>(unix_ms(host_.clock().now() - age)));
    append(value, "payload of " + what);
    Batch batch;
    batch.put("test/" + peer + "/" + what, value);
    node_.wait(node_.records()->commit(std::move(batch)));
  }
  std::size_t left() { return node_.backdoor()->records().size(); }

  /// Waits, as a peer that does not answer makes one wait.
  Task<> until(const std::atomic<bool>& flag) {
    while (!flag) co_await host_.sleep(1ms);
  }

  TestNode node_{"spool"};
  http::test::TestHost host_;
  Turns turns_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, APeerThatNeverAnswersHoldsUpNobodyElse) {
  put("dead", "1");
  put("later", "1");
  put("last", "1");
  std::atomic<bool> never = false;
  std::atomic<int> asked = 0;
  start([&](std::string peer, std::string, Bytes) -> Task<> {
    if (peer != "dead") co_return;
    ++asked;
    co_await until(never);
  });
  eventually([&] { return left() == 1; }, "the others' deliveries");
  EXPECT_TRUE(node_.backdoor()->records().contains("test/dead/1"));
  put("later", "2");
  spool_->ring("later");
  eventually([&] { return left() == 1; }, "one more");
  EXPECT_EQ(asked, 1) << "it is asked once at a time";
  host_.wait(spool_->stop());  // does not wait for the answer
  EXPECT_EQ(left(), 1u) << "what was cancelled is tried again at the next start";
}

TEST_F(SpoolTest, WhateverIsThrownIsLoggedAndTriedAgain) {
  put("peer", "error");
  put("peer", "exception");
  put("peer", "number");
  put("peer", "sound");
  std::mutex mutex;
  std::map<std::string, int> tries;
  start([&](std::string, std::string what, Bytes) -> Task<> {
    const std::lock_guard lock(mutex);
    if (++tries[what] > 1) co_return;
    if (what == "error") throw Error(Code::forbidden, "an error of the peer's");
    if (what == "exception") throw std::runtime_error("something unforeseen");
    if (what == "number") throw 7;
  });
  eventually([&] { return left() == 0; }, "all are delivered in the end");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(tries, (std::map<std::string, int>{{"error", 2}, {"exception", 2}, {"number", 2}, {"sound", 1}}));
  for (const auto* words : {"an error of the peer's", "something unforeseen", "an unknown exception"}) {
    EXPECT_NE(host_.logged().find(words), std::string::npos) << words;
  }
}

TEST_F(SpoolTest, OfOnePeerOneAtATimeInOrder) {
  std::vector<std::string> wanted;
  for (int i = 100; i < 250; ++i) {
    wanted.push_back(std::to_string(i));
    put("peer", wanted.back());
  }
  std::mutex mutex;
  std::vector<std::string> seen;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  start([&](std::string, std::string what, Bytes payload) -> Task<> {
    most = std::max(most.load(), ++running);
    co_await host_.sleep(0ms);
    const std::lock_guard lock(mutex);
    EXPECT_EQ(text_view(payload), "payload of " + what);
    seen.push_back(std::move(what));
    --running;
  });
  eventually([&] { return left() == 0; }, "all");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, wanted);
  EXPECT_EQ(most, 1);
}

TEST_F(SpoolTest, AsManyPeersAtOnceAsItsBoundAndThenTheOthers) {
  const std::size_t peers = Spool::max_peers + 10;
  for (std::size_t i = 0; i < peers; ++i) put("peer" + std::to_string(100 + i), "1");
  std::atomic<bool> answer = false;
  std::atomic<std::size_t> asked = 0;
  std::atomic<std::size_t> running = 0;
  start([&](std::string, std::string, Bytes) -> Task<> {
    ++asked;
    EXPECT_LE(++running, Spool::max_peers);
    co_await until(answer);
    --running;
  });
  eventually([&] { return asked == Spool::max_peers; }, "as many as may");
  spool_->ring("peer100");
  EXPECT_EQ(left(), peers);
  answer = true;
  eventually([&] { return left() == 0; }, "all");
  EXPECT_GE(asked, peers);
}

TEST_F(SpoolTest, WhatIsTooOldOrNoEntryIsGivenUp) {
  put("peer", "old", 2h);
  put("peer", "young");
  Batch batch;
  batch.put("test/peer/short", Bytes(3));
  node_.wait(node_.records()->commit(std::move(batch)));
  start([](std::string, std::string, Bytes) -> Task<> {
    throw Error(Code::forbidden, "no");
    co_return;
  });
  eventually([&] { return left() == 1; }, "two are given up");
  EXPECT_TRUE(node_.backdoor()->records().contains("test/peer/young"));
  EXPECT_NE(host_.logged().find("gave up 'old' for peer"), std::string::npos);
}

TEST_F(SpoolTest, AStorageThatFailsForAWhileEndsNothing) {
  std::atomic<int> tries = 0;
  put("peer", "1");
  node_.backdoor()->failing_commits() = 2;
  start([&](std::string, std::string, Bytes) -> Task<> {
    ++tries;
    co_return;
  });
  eventually([&] { return left() == 0; }, "erased once the storage works");
  EXPECT_GE(tries, 2);
}

TEST_F(SpoolTest, ASuccessorBeginsWhenTheLastTryOfItsPredecessorHasEnded) {
  std::atomic<int> under_way = 0, most = 0, tries = 0;
  const Spool::Work work = [&](std::string, std::string, Bytes) -> Task<> {
    most = std::max(most.load(), ++under_way);
    struct Ended {
      std::atomic<int>& under_way;
      ~Ended() { --under_way; }
    } ended{under_way};
    ++tries;
    co_await host_.sleep(20ms);
    throw Error(Code::not_found, "not yet");
  };
  put("bob", "1");
  start(work);
  eventually([&] { return tries > 0; }, "the first try");
  Spool successor(host_, *node_.records(), turns_, "test/", 1h, work);
  successor.start();
  host_.wait(spool_->stop());
  eventually([&] { return tries > 1; }, "a try of the successor");
  host_.wait(successor.stop());
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace drawbridge
