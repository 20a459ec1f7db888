#include "drawbridge/task_group.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <list>
#include <mutex>

namespace drawbridge {
namespace {

/// What two tasks that run together share. They run on one executor at a time, but not always on one thread.
struct Join {
  asio::any_io_executor executor;
  std::function<void(std::exception_ptr)> waiter;
  std::mutex mutex;
  int left = 2;
  std::exception_ptr failure;

  void ended(std::exception_ptr with) {
    {
      const std::lock_guard lock(mutex);
      if (with && !failure) failure = std::move(with);
      if (--left != 0) return;
    }
    asio::post(executor, [handler = std::move(waiter), result = failure] { handler(result); });
  }
};

}  // namespace

Task<> together(Task<> first, Task<> second) {
  const auto join = std::make_shared<Join>();
  join->executor = co_await asio::this_coro::executor;
  const auto start = [&](auto handler) {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    join->waiter = [shared](std::exception_ptr failure) { std::move (*shared)(std::move(failure)); };
    const auto ended = [join](std::exception_ptr failure) { join->ended(std::move(failure)); };
    asio::co_spawn(join->executor, std::move(first), ended);
    asio::co_spawn(join->executor, std::move(second), ended);
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(start, asio::use_awaitable);
}

struct TaskGroup::State {
  struct Running {
    asio::any_io_executor executor;  // a strand: a signal may only be emitted where its task runs
    asio::cancellation_signal signal;
  };

  std::mutex mutex;
  bool stopping = false;
  std::list<std::shared_ptr<Running>> running;
};

TaskGroup::TaskGroup() : state_(std::make_shared<State>()) {}
TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(asio::any_io_executor executor, Task<> task) {
  auto running = std::make_shared<State::Running>();
  running->executor = asio::make_strand(executor);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return;
    state_->running.push_back(running);
  }
  const auto ended = [state = state_, running](const std::exception_ptr&) {
    const std::lock_guard lock(state->mutex);
    state->running.remove(running);
  };
  asio::co_spawn(running->executor, std::move(task), asio::bind_cancellation_slot(running->signal.slot(), ended));
}

std::size_t TaskGroup::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running.size();
}

Task<> TaskGroup::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  asio::steady_timer timer(co_await asio::this_coro::executor);
  // Emitted again and again, for a task may have been between two waits, or may have caught the first one.
  while (size() != 0) {
    {
      const std::lock_guard lock(state_->mutex);
      for (const auto& running : state_->running) {
        asio::post(running->executor, [running] { running->signal.emit(asio::cancellation_type::terminal); });
      }
    }
    timer.expires_after(Milliseconds(5));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

struct Bell::State {
  explicit State(const asio::any_io_executor& executor) : strand(asio::make_strand(executor)), timer(strand) {}
  asio::strand<asio::any_io_executor> strand;
  asio::steady_timer timer;
  bool rung = false;
};

Bell::Bell(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}
Bell::~Bell() = default;

void Bell::ring() {
  asio::post(state_->strand, [state = state_] {
    state->rung = true;
    state->timer.cancel();
  });
}

Task<> Bell::wait(Milliseconds at_most) {
  const auto sleep = [](std::shared_ptr<State> state, Milliseconds duration) -> Task<> {
    if (!state->rung) {
      state->timer.expires_after(duration);
      boost::system::error_code ignored;  // cancelled by a ring, or with the waiting task
      co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    state->rung = false;
  };
  co_await asio::co_spawn(state_->strand, sleep(state_, at_most), asio::use_awaitable);
}

}  // namespace drawbridge
