// kill -9, of the node and of the component.
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "drawbridge/blobs.h"
#include "fixture.h"

namespace drawbridge::isolation_test {
namespace {

TEST(IsolationKill, NodeLeavesNoProcessBehind) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t node = ::fork();
  ASSERT_GE(node, 0);
  if (node == 0) {
    ::dup2(out[1], 1);
    ::execl(ISOLATION_NODE, ISOLATION_NODE, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(out[1]);
  std::FILE* in = ::fdopen(out[0], "r");
  int first = 0, second = 0;
  ASSERT_EQ(std::fscanf(in, "%d %d", &first, &second), 2);
  EXPECT_TRUE(is_alive(first) && is_alive(second));
  ::kill(node, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !is_alive(first) && !is_alive(second); }));
  std::fclose(in);
}

struct Load {
  std::atomic<bool> over{false};
  std::atomic<int> done{0};
  std::atomic<int> refused{0};
  std::atomic<int> wrong{0};
  std::atomic<int> lost{0};
};

/// Puts, gets back, one after the other; what failed as unavailable is tried again.
Task<> put_and_get(std::shared_ptr<Records> records, Load& load, int worker) {
  for (int i = 0; !load.over; ++i) {
    const Key key = std::to_string(worker) + "/" + std::to_string(i);
    const Bytes value(static_cast<std::size_t>(100 + 300 * (i % 200)), static_cast<std::uint8_t>(i));
    bool failed = false;
    try {
      Batch batch;
      batch.put(key, value);
      auto putting = records->commit(std::move(batch));
      co_await std::move(putting);
      auto getting = records->get(key);
      const auto found = co_await std::move(getting);
      if (found && *found != value) ++load.wrong;
      if (!found) ++load.lost;
      ++load.done;
    } catch (const Error& error) {
      if (error.code() != Code::unavailable) ++load.wrong;
      ++load.refused;
      failed = true;
    }
    if (!failed) continue;
    asio::steady_timer timer(co_await asio::this_coro::executor, Milliseconds(5));
    co_await timer.async_wait(asio::use_awaitable);
    --i;
  }
}

TEST(IsolationKill, ServesAgainUnderLoadAndLosesNothing) {
  const support::TempDir folder;
  IsolatedNode node("storage:\n  main: {plugin: storage.rocksdb, isolate: process, path: " + (folder / "db").string() +
                    "}\n");
  const auto records = node->find<Records>("main");
  Load load;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&, i] { node->wait(put_and_get(records, load, i)); });
  }
  std::size_t from = 0;
  for (int kill = 1; kill <= 3; ++kill) {
    const int before = load.done;
    ASSERT_TRUE(eventually([&] { return load.done > before + 50; })) << node.log();
    // The newest process is the one that the log names last.
    const auto at = node.log().rfind("n process ");
    ASSERT_NE(at, std::string::npos);
    ASSERT_GT(at, from);
    from = at;
    const int refused = load.refused;
    ::kill(std::stoi(node.log().substr(at + 10)), SIGKILL);
    ASSERT_TRUE(eventually([&] { return load.refused > refused; }));
    const auto again = "runs again, in process ";
    ASSERT_TRUE(eventually([&] { return node.log().find(again, from) != std::string::npos; })) << node.log();
  }
  const int before = load.done;
  EXPECT_TRUE(eventually([&] { return load.done > before + 50; }));
  load.over = true;
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(load.wrong, 0);
  EXPECT_EQ(load.lost, 0);
  EXPECT_GT(load.refused, 0);
  EXPECT_NE(node.status().health.detail.find("restarted 3 times"), std::string::npos) << node.status().health.detail;
}

Task<> keep_writer(Blobs& blobs, std::unique_ptr<BlobWriter>& writer) {
  auto making = blobs.create();
  writer = co_await std::move(making);
  const Bytes some(3'000'000, 1);
  auto writing = writer->write(some);
  co_await std::move(writing);
}

TEST(IsolationKill, HandlesOfAnEndedProcessFail) {
  IsolatedNode node("storage:\n  main: {plugin: storage.memory, isolate: process}\n");
  const auto blobs = node->find<Blobs>("main");
  std::unique_ptr<BlobWriter> writer;
  node->wait(keep_writer(*blobs, writer));
  const auto at = node.log().rfind("runs in process ");
  ::kill(std::stoi(node.log().substr(at + 16)), SIGKILL);
  node.get_again("nothing");
  EXPECT_TRUE(eventually([&] { return node.log().find("runs again") != std::string::npos; }));
  try {
    node->wait(writer->commit("sha256:00"));
    ADD_FAILURE() << "it committed what is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable) << error.what();
  }
  writer.reset();
  EXPECT_EQ(node.get_again("nothing"), "(absent)");
}

}  // namespace
}  // namespace drawbridge::isolation_test
