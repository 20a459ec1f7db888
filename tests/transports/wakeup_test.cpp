#include "drawbridge/wakeup.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

namespace drawbridge {
namespace {

Task<> wait_and_count(std::shared_ptr<Wakeup> wakeup, std::uint64_t seen, std::atomic<int>& count) {
  co_await wakeup->wait(seen);
  ++count;
}

TEST(Wakeup, ReturnsAtOnceWhenSomethingHasChangedAlready) {
  asio::io_context context;
  const auto wakeup = std::make_shared<Wakeup>();
  std::atomic<int> count = 0;
  const auto seen = wakeup->version();
  wakeup->notify();
  asio::co_spawn(context, wait_and_count(wakeup, seen, count), asio::detached);
  context.run();
  EXPECT_EQ(count, 1);
}

TEST(Wakeup, WakesEverybody) {
  asio::io_context context;
  const auto wakeup = std::make_shared<Wakeup>();
  std::atomic<int> count = 0;
  for (int i = 0; i < 10; ++i)
    asio::co_spawn(context, wait_and_count(wakeup, wakeup->version(), count), asio::detached);
  context.poll();
  EXPECT_EQ(count, 0);
  wakeup->notify();
  context.poll();
  EXPECT_EQ(count, 10);
}

Task<> wait_or_time_out(std::shared_ptr<Wakeup> wakeup, bool& timed_out) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  Task<> waiting = wakeup->wait(wakeup->version());
  Task<> limit = timer.async_wait(asio::use_awaitable);
  const auto first = co_await (std::move(waiting) || std::move(limit));
  timed_out = first.index() == 1;
}

TEST(Wakeup, CanBeCancelled) {
  asio::io_context context;
  const auto wakeup = std::make_shared<Wakeup>();
  bool timed_out = false;
  asio::co_spawn(context, wait_or_time_out(wakeup, timed_out), asio::detached);
  context.run();  // ends only when nothing waits any more
  EXPECT_TRUE(timed_out);
  wakeup->notify();
}

// Two threads hand a turn to each other: a lost wakeup would hang.
Task<> take_turns(std::shared_ptr<Wakeup> wakeup, std::atomic<int>& turn, int mine, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    for (;;) {
      const auto seen = wakeup->version();
      if (turn == mine) break;
      co_await wakeup->wait(seen);
    }
    turn = 1 - mine;
    wakeup->notify();
  }
}

TEST(Wakeup, LosesNothingBetweenThreads) {
  asio::thread_pool left(1);
  asio::thread_pool right(1);
  const auto wakeup = std::make_shared<Wakeup>();
  std::atomic<int> turn = 0;
  auto a = asio::co_spawn(left, take_turns(wakeup, turn, 0, 5000), asio::use_future);
  auto b = asio::co_spawn(right, take_turns(wakeup, turn, 1, 5000), asio::use_future);
  a.get();
  b.get();
  EXPECT_EQ(turn, 0);
}

}  // namespace
}  // namespace drawbridge
