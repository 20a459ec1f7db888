// Restarts, failed commits, full queues and stops.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "fixture.h"

namespace drawbridge::test {
namespace {

/// Runs an append on the node, from a thread of its own.
std::future<LedgerEvent> append_async(kernel::Node& node, std::string subject) {
  return std::async(std::launch::async, [&node, subject] {
    const auto ledger = node.find<Ledger>("ledger");
    return node.wait(ledger->append(draft(subject)));
  });
}

void wait_until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

Health::State ledger_health(const kernel::Node& node) {
  for (const ComponentStatus& status : node.status()) {
    if (status.name.find("ledger") != status.name.npos) return status.health.state;
  }
  ADD_FAILURE() << "no component 'ledger'";
  return Health::State::failed;
}

TEST(LocalLedgerLife, ContinuesAfterRestart) {
  const std::string store = fresh_store();
  std::vector<Digest> leaves;
  Checkpoint before;
  for (const std::size_t count : {0, 1, 254, 1, 1, 300}) {
    const auto node = ledger_node(test_storage(store));
    const auto ledger = node->find<Ledger>("ledger");
    const Checkpoint head = node->wait(ledger->head());
    EXPECT_EQ(head.size, leaves.size());
    EXPECT_TRUE(head.size == 0 || head == before);
    for (const LedgerEvent& event : append_events(*node, count)) leaves.push_back(event.leaf);
    before = node->wait(ledger->audit());
    EXPECT_EQ(before.root, testkit::model_root(leaves, 0, leaves.size()));
    node->stop();
    node->stop();
  }
}

TEST(LocalLedgerLife, EmptyLogStoresNothing) {
  const std::string store = fresh_store();
  const auto node = ledger_node(test_storage(store));
  EXPECT_TRUE(node->find<Faults>("main")->content().empty());
  const auto ledger = node->find<Ledger>("ledger");
  const std::string note = node->wait(ledger->checkpoint());
  EXPECT_EQ(verify_checkpoint(note, log_origin(labelled_id("alice")), labelled_key("alice").public_key).size, 0U);
}

TEST(LocalLedgerLife, FailedCommitChangesNothing) {
  const auto node = ledger_node(test_storage(fresh_store()));
  const auto ledger = node->find<Ledger>("ledger");
  const auto faults = node->find<Faults>("main");
  append_events(*node, 3);
  const std::string before = node->wait(ledger->checkpoint());
  faults->mode() = Faults::Mode::refuse;
  for (int i = 0; i < 3; ++i) {
    expect_throws(Code::unavailable, "told to fail", [&] { node->wait(ledger->append(draft("lost"))); });
  }
  EXPECT_EQ(node->wait(ledger->checkpoint()), before);
  EXPECT_TRUE(node->wait(ledger->find("lost")).empty());
  faults->mode() = Faults::Mode::none;
  EXPECT_EQ(append_events(*node, 1)[0].index, 3U);
  EXPECT_EQ(node->wait(ledger->audit()).size, 4U);
  EXPECT_EQ(ledger_health(*node), Health::State::ok);
}

TEST(LocalLedgerLife, CommitThatHappenedNevertheless) {
  const auto node = ledger_node(test_storage(fresh_store()));
  const auto ledger = node->find<Ledger>("ledger");
  const auto faults = node->find<Faults>("main");
  append_events(*node, 255);
  faults->mode() = Faults::Mode::commit_and_throw;
  expect_throws(Code::unavailable, "told to fail", [&] { node->wait(ledger->append(draft("there"))); });
  faults->mode() = Faults::Mode::none;
  // What is stored counts: nothing may be signed that is inconsistent with it.
  EXPECT_EQ(append_events(*node, 1)[0].index, 256U);
  EXPECT_EQ(node->wait(ledger->find("there")).size(), 1U);
  EXPECT_EQ(node->wait(ledger->audit()).size, 257U);
}

TEST(LocalLedgerLife, RecoversWhenTheStorageDoes) {
  const auto node = ledger_node(test_storage(fresh_store()));
  const auto ledger = node->find<Ledger>("ledger");
  const auto faults = node->find<Faults>("main");
  append_events(*node, 2);
  faults->mode() = Faults::Mode::refuse;
  faults->deaf() = true;
  expect_throws(Code::unavailable, "told to fail", [&] { node->wait(ledger->append(draft("lost"))); });
  EXPECT_EQ(ledger_health(*node), Health::State::degraded);
  faults->mode() = Faults::Mode::none;
  expect_throws(Code::unavailable, "could not be read", [&] { node->wait(ledger->append(draft("lost"))); });
  faults->deaf() = false;
  EXPECT_EQ(append_events(*node, 1)[0].index, 2U);
  EXPECT_EQ(ledger_health(*node), Health::State::ok);
}

TEST(LocalLedgerLife, ConcurrentAppendsShareACommit) {
  constexpr std::size_t count = 100;
  const auto node = ledger_node(test_storage(fresh_store()));
  const auto faults = node->find<Faults>("main");
  faults->gate() = true;
  std::vector<std::future<LedgerEvent>> appends;
  for (std::size_t i = 0; i < count; ++i) appends.push_back(append_async(*node, std::to_string(i)));
  wait_until([&] { return faults->commits() == 1; });
  faults->gate() = false;
  for (auto& append : appends) append.get();
  // How many were in time for the second commit depends on the machine; one commit for each would be none that is
  // shared.
  EXPECT_LT(faults->commits(), static_cast<int>(count));
  EXPECT_EQ(node->wait(node->find<Ledger>("ledger")->audit()).size, count);
}

TEST(LocalLedgerLife, FullQueueIsBusy) {
  const auto node = ledger_node(test_storage(fresh_store()), "alice", ", queue: 1");
  const auto faults = node->find<Faults>("main");
  faults->gate() = true;
  auto first = append_async(*node, "first");
  wait_until([&] { return faults->commits() == 1; });
  // The first is being committed, so of three more one waits and two are refused.
  std::atomic<int> busy = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      try {
        node->wait(node->find<Ledger>("ledger")->append(draft("more")));
      } catch (const Error& error) {
        EXPECT_EQ(name(error.code()), "busy") << error.what();
        ++busy;
      }
    });
  }
  wait_until([&] { return busy == 2; });
  faults->gate() = false;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first.get().index, 0U);
  EXPECT_EQ(node->wait(node->find<Ledger>("ledger")->head()).size, 2U);
}

TEST(LocalLedgerLife, StopCommitsWhatWasAccepted) {
  const std::string store = fresh_store();
  constexpr int count = 20;
  std::atomic<int> done = 0, refused = 0;
  {
    const auto node = ledger_node(test_storage(store));
    const auto ledger = node->find<Ledger>("ledger");
    const auto faults = node->find<Faults>("main");
    faults->gate() = true;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        try {
          node->wait(ledger->append(draft("asset")));
          ++done;
        } catch (const Error& error) {
          EXPECT_EQ(name(error.code()), "unavailable") << error.what();
          ++refused;
        }
      });
    }
    wait_until([&] { return faults->commits() == 1; });
    auto stopped = std::async(std::launch::async, [&] { node->wait(ledger->stop()); });
    faults->gate() = false;
    for (std::thread& thread : threads) thread.join();
    stopped.get();
    expect_throws(Code::unavailable, "not running", [&] { node->wait(ledger->head()); });
    expect_throws(Code::unavailable, "not running", [&] { node->wait(ledger->append(draft("late"))); });
    node->wait(ledger->stop());
  }
  EXPECT_EQ(done + refused, count);
  EXPECT_GE(done, 1);
  const auto node = ledger_node(test_storage(store));
  EXPECT_EQ(node->wait(node->find<Ledger>("ledger")->audit()).size, static_cast<std::uint64_t>(done));
}

}  // namespace
}  // namespace drawbridge::test
