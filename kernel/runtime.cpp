#include "kernel/runtime.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "drawbridge/error.h"

namespace drawbridge::kernel {

class Runtime::Context : public asio::io_context {
 public:
  explicit Context(int threads) : asio::io_context(threads), guard_(get_executor()) {}
  void release() { guard_.reset(); }
  /// Destroys what waits in it; objects that belong to it may still be destroyed afterwards.
  void shutdown() { asio::execution_context::shutdown(); }

 private:
  asio::executor_work_guard<executor_type> guard_;
};

struct Runtime::Threads {
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t io_running = 0;
  std::size_t blocking_running = 0;
  std::vector<std::thread> all;
  std::atomic<std::size_t> turn{0};
  std::atomic<std::size_t> in_flight{0};
  std::size_t in_flight_max = 0;

  void start(asio::io_context& context, std::size_t& running, const std::string& name) {
    ++running;
    all.emplace_back([this, &context, &running, name] {
      ::pthread_setname_np(::pthread_self(), name.c_str());
      context.run();
      // Notified under the lock: whoever waits may destroy this object as soon as it is free.
      const std::lock_guard lock(mutex);
      --running;
      ended.notify_all();
    });
  }

  bool wait(const std::size_t& running, std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex);
    return ended.wait_until(lock, until, [&] { return running == 0; });
  }
};

Runtime::Runtime(unsigned io_threads, unsigned blocking_threads, unsigned blocking_queue)
    : threads_(std::make_unique<Threads>()) {
  if (io_threads == 0) io_threads = std::max(1U, std::thread::hardware_concurrency());
  threads_->in_flight_max = std::size_t{blocking_threads} + blocking_queue;
  for (unsigned i = 0; i < io_threads; ++i) contexts_.push_back(std::make_unique<Context>(1));
  contexts_.push_back(std::make_unique<Context>(static_cast<int>(blocking_threads)));

  // These signals go to the program's own threads, never to the new ones.
  sigset_t ours, before;
  sigemptyset(&ours);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, signal);
  ::pthread_sigmask(SIG_BLOCK, &ours, &before);
  for (unsigned i = 0; i < io_threads; ++i) {
    threads_->start(*contexts_[i], threads_->io_running, "io-" + std::to_string(i));
  }
  for (unsigned i = 0; i < blocking_threads; ++i) {
    threads_->start(*contexts_.back(), threads_->blocking_running, "blocking-" + std::to_string(i));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Runtime::~Runtime() {
  stop(std::chrono::hours(24 * 365));
}

asio::any_io_executor Runtime::executor() {
  const auto turn = threads_->turn.fetch_add(1, std::memory_order_relaxed);
  return contexts_[turn % (contexts_.size() - 1)]->get_executor();
}

std::vector<asio::any_io_executor> Runtime::executors() {
  std::vector<asio::any_io_executor> out;
  for (std::size_t i = 0; i + 1 < contexts_.size(); ++i) out.emplace_back(contexts_[i]->get_executor());
  return out;
}

bool Runtime::on_io_thread() const {
  return std::any_of(contexts_.begin(), contexts_.end(),
                     [](const auto& context) { return context->get_executor().running_in_this_thread(); });
}

Task<> Runtime::run_blocking(std::function<void()> work) {
  if (threads_->in_flight.fetch_add(1) >= threads_->in_flight_max) {
    threads_->in_flight.fetch_sub(1);
    throw Error(Code::busy, "too much work is waiting for the disk or the processor", "retry in a moment");
  }
  // The frame keeps `work` until the handler has run: nothing can resume or cancel it before.
  const auto initiate = [this, &work](auto handler) {
    asio::post(*contexts_.back(), [this, &work, handler = std::move(handler)]() mutable {
      std::exception_ptr failure;
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      threads_->in_flight.fetch_sub(1);
      auto executor = asio::get_associated_executor(handler);
      asio::post(executor, [handler = std::move(handler), failure]() mutable { std::move(handler)(failure); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(initiate, asio::use_awaitable);
}

void Runtime::spawn(Task<> task, std::function<void(std::exception_ptr)> done) {
  asio::co_spawn(executor(), std::move(task), std::move(done));
}

bool Runtime::stop(Milliseconds limit) {
  if (threads_->all.empty()) return true;
  const auto until = std::chrono::steady_clock::now() + limit;
  contexts_.back()->release();
  if (!threads_->wait(threads_->blocking_running, until)) return false;
  for (auto& context : contexts_) context->stop();
  if (!threads_->wait(threads_->io_running, until)) return false;
  for (auto& thread : threads_->all) thread.join();
  threads_->all.clear();
  // Twice, for a frame that is destroyed in one context may leave work in another that was done already.
  for (int round = 0; round < 2; ++round) {
    for (auto& context : contexts_) context->shutdown();
  }
  return true;
}

void Runtime::abandon() {
  for (auto& thread : threads_->all) thread.detach();
}

Task<> sleep_for(Milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace drawbridge::kernel
