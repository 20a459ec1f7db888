// Threads: the bounded blocking pool, and sleep.
#include "kernel/runtime.h"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <future>
#include <set>
#include <thread>

#include "fixture.h"

namespace drawbridge::test {
namespace {

using kernel::Runtime;

std::future<std::exception_ptr> spawn(Runtime& runtime, Task<> task) {
  const auto done = std::make_shared<std::promise<std::exception_ptr>>();
  runtime.spawn(std::move(task), [done](std::exception_ptr failure) { done->set_value(failure); });
  return done->get_future();
}

void finish(std::future<std::exception_ptr> future) {
  if (const auto failure = future.get()) std::rethrow_exception(failure);
}

Task<> note_threads(Runtime& runtime, std::thread::id& before, std::thread::id& inside, std::thread::id& after) {
  before = std::this_thread::get_id();
  std::function<void()> work = [&] { inside = std::this_thread::get_id(); };
  co_await runtime.run_blocking(work);
  after = std::this_thread::get_id();
}

TEST(Blocking, RunsElsewhereAndResumesWhereItWas) {
  Runtime runtime(2, 1, 1);
  std::thread::id before, inside, after;
  finish(spawn(runtime, note_threads(runtime, before, inside, after)));
  EXPECT_EQ(before, after);
  EXPECT_NE(before, inside);
}

Task<> throw_inside(Runtime& runtime) {
  std::function<void()> work = [] { throw Error(Code::corrupt, "broken"); };
  co_await runtime.run_blocking(work);
}

TEST(Blocking, RethrowsWhatTheWorkThrows) {
  Runtime runtime(1, 1, 1);
  expect_throws(Code::corrupt, "broken", [&] { finish(spawn(runtime, throw_inside(runtime))); });
}

Task<> wait_for(Runtime& runtime, std::shared_future<void> gate) {
  std::function<void()> work = [&gate] { gate.wait(); };
  co_await runtime.run_blocking(work);
}

TEST(Blocking, RefusesMoreThanItsBound) {
  Runtime runtime(1, 2, 3);
  std::promise<void> gate;
  const auto open = gate.get_future().share();
  std::vector<std::future<std::exception_ptr>> accepted;
  for (int i = 0; i < 5; ++i) accepted.push_back(spawn(runtime, wait_for(runtime, open)));
  expect_throws(Code::busy, "too much work is waiting", [&] { finish(spawn(runtime, wait_for(runtime, open))); });
  gate.set_value();
  for (auto& future : accepted) finish(std::move(future));
  EXPECT_NO_THROW(finish(spawn(runtime, wait_for(runtime, open)))) << "there is room again";
}

Task<> sleep_then(Milliseconds duration, std::atomic<bool>& slept) {
  co_await kernel::sleep_for(duration);
  slept = true;
}

TEST(Sleep, Ends) {
  Runtime runtime(1, 1, 1);
  std::atomic<bool> slept = false;
  finish(spawn(runtime, sleep_then(Milliseconds(1), slept)));
  EXPECT_TRUE(slept);
}

TEST(Sleep, ReturnsEarlyWithoutAnErrorWhenCancelled) {
  Runtime runtime(1, 1, 1);
  const auto executor = runtime.executor();
  asio::cancellation_signal cancel;
  std::atomic<bool> slept = false;
  std::promise<std::exception_ptr> done;
  auto token =
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr failure) { done.set_value(failure); });
  asio::co_spawn(executor, sleep_then(std::chrono::hours(1), slept), token);
  asio::post(executor, [&] { cancel.emit(asio::cancellation_type::terminal); });
  EXPECT_FALSE(done.get_future().get());
  EXPECT_TRUE(slept) << "the task went on behind the sleep";
}

struct Flag {
  explicit Flag(bool& target) : flag(target) {}
  ~Flag() { flag = true; }
  bool& flag;
};

Task<> sleep_long(bool& destroyed, std::promise<void>& begun) {
  const Flag flag(destroyed);
  begun.set_value();
  co_await kernel::sleep_for(std::chrono::hours(1));
}

TEST(Stopping, DestroysWhatStillWaits) {
  Runtime runtime(1, 1, 1);
  bool destroyed = false;
  std::promise<void> begun;
  runtime.spawn(sleep_long(destroyed, begun), [](std::exception_ptr) {});
  begun.get_future().wait();
  EXPECT_TRUE(runtime.stop(Milliseconds(60'000)));
  EXPECT_TRUE(destroyed);
  EXPECT_TRUE(runtime.stop(Milliseconds(0))) << "twice is fine";
}

TEST(Stopping, TellsWhenAThreadDoesNotComeBack) {
  Runtime runtime(1, 1, 1);
  std::promise<void> gate;
  auto working = spawn(runtime, wait_for(runtime, gate.get_future().share()));
  std::promise<void> reached;  // the pool has the work once the I/O thread is free for this
  asio::post(runtime.executor(), [&] { reached.set_value(); });
  reached.get_future().wait();
  EXPECT_FALSE(runtime.stop(Milliseconds(10)));
  gate.set_value();
  EXPECT_TRUE(runtime.stop(Milliseconds(60'000)));
}

TEST(Threads, OneExecutorEachInTurn) {
  Runtime runtime(3, 1, 1);
  EXPECT_EQ(runtime.executors().size(), 3U);
  std::set<std::thread::id> threads;
  for (int i = 0; i < 3; ++i) {
    std::promise<std::thread::id> id;
    asio::post(runtime.executor(), [&] { id.set_value(std::this_thread::get_id()); });
    threads.insert(id.get_future().get());
  }
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_FALSE(runtime.on_io_thread());
}

}  // namespace
}  // namespace drawbridge::test
