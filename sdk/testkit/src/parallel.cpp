#include "parallel.h"

#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>

namespace drawbridge::testkit {
namespace {

constexpr std::size_t threads = 4;

/// What the tasks of one call share. The last one to finish posts the waiter to the waiter's own executor.
struct Gathering {
  explicit Gathering(asio::any_io_executor home_) : home(std::move(home_)) {}

  void start(std::vector<Task<>> tasks, const std::shared_ptr<Gathering>& self) {
    left = tasks.size();
    for (auto& task : tasks) {
      asio::co_spawn(pool, std::move(task), [self](std::exception_ptr failure) { self->finish_one(failure); });
    }
  }

  void finish_one(std::exception_ptr failure) {
    {
      const std::lock_guard lock(mutex);
      if (failure && !first) first = failure;
    }
    if (--left == 0) asio::post(home, [handler = std::move(done)]() mutable { std::move(handler)(); });
  }

  asio::any_io_executor home;
  asio::any_completion_handler<void()> done;
  std::atomic<std::size_t> left{0};
  std::mutex mutex;
  std::exception_ptr first;
  asio::thread_pool pool{threads};
};

}  // namespace

Task<> in_parallel(std::vector<Task<>> tasks) {
  if (tasks.empty()) co_return;
  const auto home = co_await asio::this_coro::executor;
  const auto gathering = std::make_shared<Gathering>(asio::prefer(home, asio::execution::outstanding_work.tracked));
  auto start = [&gathering, &tasks](auto handler) {
    // Not assigned: in Boost 1.81 the move assignment copies its argument, without end.
    asio::any_completion_handler<void()>(std::move(handler)).swap(gathering->done);
    gathering->start(std::move(tasks), gathering);
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start, asio::use_awaitable);
  gathering->pool.join();  // every task has finished; this thread, not one of the pool, lets go of it
  if (gathering->first) std::rethrow_exception(gathering->first);
}

}  // namespace drawbridge::testkit
