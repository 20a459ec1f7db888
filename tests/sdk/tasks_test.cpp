#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "drawbridge/task_group.h"
#include "fixture.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;

/// Counts how often it was destroyed with its coroutine.
struct Mark {
  explicit Mark(std::atomic<int>& counter) : ended(&counter) {}
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark() { ++*ended; }
  std::atomic<int>* ended;
};

Task<> wait_forever(std::atomic<int>& started, std::atomic<int>& ended) {
  const Mark mark(ended);
  asio::steady_timer timer(co_await asio::this_coro::executor, 24h);
  ++started;
  co_await timer.async_wait(asio::use_awaitable);
}

Task<> until(std::atomic<int>& counter, int wanted) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (counter < wanted) {
    timer.expires_after(1ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

TEST(TaskGroup, StopCancelsAndAwaits) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    std::atomic<int> started = 0;
    std::atomic<int> ended = 0;
    for (int i = 0; i < 100; ++i) group.spawn(co_await asio::this_coro::executor, wait_forever(started, ended));
    co_await until(started, 100);
    EXPECT_EQ(group.size(), 100u);
    EXPECT_EQ(ended, 0);
    co_await group.stop();
    EXPECT_EQ(ended, 100);
    EXPECT_EQ(group.size(), 0u);
    co_await group.stop();
  };
  test::run(test());
}

TEST(TaskGroup, StopOfNothingReturns) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    co_await group.stop();
  };
  test::run(test());
}

TEST(TaskGroup, AfterStopNothingRuns) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    co_await group.stop();
    std::atomic<int> started = 0;
    std::atomic<int> ended = 0;
    group.spawn(co_await asio::this_coro::executor, wait_forever(started, ended));
    EXPECT_EQ(group.size(), 0u);
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    EXPECT_EQ(started, 0);
    EXPECT_EQ(ended, 0) << "the body never began";
  };
  test::run(test());
}

Task<> fail() {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  throw Error(Code::internal, "this task fails");
}

Task<> count(std::atomic<int>& counter) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  ++counter;
}

TEST(TaskGroup, ATaskThatThrowsEndsAlone) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    std::atomic<int> done = 0;
    group.spawn(co_await asio::this_coro::executor, fail());
    group.spawn(co_await asio::this_coro::executor, count(done));
    co_await until(done, 1);
    co_await group.stop();
    EXPECT_EQ(group.size(), 0u);
  };
  test::run(test());
}

TEST(TaskGroup, ManyTasksComeAndGo) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    std::atomic<int> done = 0;
    for (int i = 0; i < 5000; ++i) group.spawn(co_await asio::this_coro::executor, count(done));
    co_await until(done, 5000);
    co_await group.stop();
    EXPECT_EQ(group.size(), 0u);
  };
  test::run(test());
}

/// One that catches the cancellation and waits once more, as a worker between two waits would.
Task<> stubborn(std::atomic<int>& started, std::atomic<int>& ended) {
  const Mark mark(ended);
  for (int round = 0; round < 2; ++round) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 24h);
    ++started;
    boost::system::error_code cancelled;
    try {
      co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error& error) {
      cancelled = error.code();
    }
    EXPECT_EQ(cancelled, asio::error::operation_aborted);
    co_await asio::this_coro::reset_cancellation_state();
  }
}

TEST(TaskGroup, StopInsistsOnATaskThatGoesOn) {
  const auto test = []() -> Task<> {
    TaskGroup group;
    std::atomic<int> started = 0;
    std::atomic<int> ended = 0;
    group.spawn(co_await asio::this_coro::executor, stubborn(started, ended));
    co_await until(started, 1);
    co_await group.stop();
    EXPECT_EQ(started, 2);
    EXPECT_EQ(ended, 1);
  };
  test::run(test());
}

TEST(Bell, ARingBeforeTheWaitIsRemembered) {
  const auto test = []() -> Task<> {
    Bell bell(co_await asio::this_coro::executor);
    bell.ring();
    bell.ring();
    co_await bell.wait(24h);  // ends by the ring, or the test by its time limit
  };
  test::run(test());
}

TEST(Bell, ARingWakesEarly) {
  const auto test = []() -> Task<> {
    Bell bell(co_await asio::this_coro::executor);
    std::thread ringer([&bell] { bell.ring(); });
    co_await bell.wait(24h);
    ringer.join();
  };
  test::run(test());
}

TEST(Bell, WithoutARingTheTimeEnds) {
  const auto test = []() -> Task<> {
    Bell bell(co_await asio::this_coro::executor);
    const auto begin = std::chrono::steady_clock::now();
    co_await bell.wait(20ms);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
  };
  test::run(test());
}

TEST(Bell, EveryBatchOfConcurrentRingsWakes) {
  const auto test = []() -> Task<> {
    Bell bell(co_await asio::this_coro::executor);
    for (int round = 0; round < 200; ++round) {
      std::thread first([&bell] { bell.ring(); });
      std::thread second([&bell] { bell.ring(); });
      co_await bell.wait(24h);
      first.join();
      second.join();
      bell.ring();
      co_await bell.wait(24h);
    }
  };
  test::run(test());
}

Task<> sleep_by(Bell& bell, std::atomic<int>& started, std::atomic<int>& ended) {
  const Mark mark(ended);
  for (;;) {
    ++started;
    co_await bell.wait(24h);
  }
}

TEST(Bell, ASleeperIsCancelled) {
  const auto test = []() -> Task<> {
    Bell bell(co_await asio::this_coro::executor);
    TaskGroup group;
    std::atomic<int> started = 0;
    std::atomic<int> ended = 0;
    group.spawn(co_await asio::this_coro::executor, sleep_by(bell, started, ended));
    co_await until(started, 1);
    co_await group.stop();
    EXPECT_EQ(ended, 1);
  };
  test::run(test());
}

}  // namespace
}  // namespace drawbridge
