#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/query.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "drawbridge/clock.h"
#include "drawbridge/task.h"

namespace drawbridge::python {

/// The executor of one call from Python. What the call's task posts runs on the calling thread, as long as that thread
/// stays with it; afterwards on an I/O thread of the runtime. So a task that never waits costs no switch of threads,
/// and one that waits resumes on the thread that waits for its result.
///
/// The calling thread owns the lane until `leave`. Jobs never run two at a time.
class Lane {
 public:
  class Executor;

  /// `beyond` is where jobs go after `leave`: an executor with one thread.
  explicit Lane(asio::any_io_executor beyond) : beyond_(std::move(beyond)) {}
  virtual ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Runs what is there. By the owner.
  void run();
  /// The same, and waits for a job first, at most so long. By the owner.
  void run_one_of(Milliseconds at_most);
  /// The owner goes: what is there and what comes runs beyond.
  void leave();

  bool owned_by_this_thread() const { return here_ && owner_ == std::this_thread::get_id(); }
  const asio::any_io_executor& beyond() const { return beyond_; }

 private:
  struct Job {
    Job* next = nullptr;
    virtual void run() = 0;
    virtual ~Job() = default;
  };
  template <class Function>
  struct JobOf final : Job {
    explicit JobOf(Function&& given) : function(std::move(given)) {}
    void run() override { std::move(function)(); }
    Function function;
  };

  template <class Function>
  void execute(Function function, bool may_run_now);
  bool accept(Job* job);
  Job* take_all();
  static void run_all(Job* first);

  void retain() noexcept { uses_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const asio::any_io_executor beyond_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> here_{true};
  std::atomic<int> uses_{0};
  std::mutex mutex_;
  std::condition_variable came_;
  Job* first_ = nullptr;
  Job** last_ = &first_;

  template <class T>
  friend class Held;
};

/// Shares a lane, or what derives from it: the last one deletes it.
template <class T>
class Held {
 public:
  Held() = default;
  explicit Held(T* lane) noexcept : lane_(lane) { lane_->Lane::retain(); }
  Held(const Held& other) noexcept : lane_(other.lane_) {
    if (lane_ != nullptr) lane_->Lane::retain();
  }
  Held(Held&& other) noexcept : lane_(std::exchange(other.lane_, nullptr)) {}
  Held& operator=(Held other) noexcept {
    std::swap(lane_, other.lane_);
    return *this;
  }
  ~Held() {
    if (lane_ != nullptr) lane_->Lane::release();
  }
  T* operator->() const { return lane_; }
  T& operator*() const { return *lane_; }
  friend bool operator==(const Held&, const Held&) = default;

 private:
  T* lane_ = nullptr;
};

/// What Asio sees of a lane. Its execution context is the runtime's, so that timers and sockets may be made from it.
class Lane::Executor {
 public:
  explicit Executor(Held<Lane> lane) : lane_(std::move(lane)) {}

  asio::execution_context& query(asio::execution::context_t) const noexcept {
    return asio::query(lane_->beyond_, asio::execution::context);
  }
  asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    return may_run_now_ ? asio::execution::blocking_t(asio::execution::blocking.possibly)
                        : asio::execution::blocking_t(asio::execution::blocking.never);
  }
  Executor require(asio::execution::blocking_t::never_t) const noexcept { return with(false); }
  Executor require(asio::execution::blocking_t::possibly_t) const noexcept { return with(true); }

  template <class Function>
  void execute(Function function) const {
    lane_->execute(std::move(function), may_run_now_);
  }

  friend bool operator==(const Executor& a, const Executor& b) noexcept = default;

 private:
  Executor with(bool may_run_now) const noexcept {
    Executor copy(*this);
    copy.may_run_now_ = may_run_now;
    return copy;
  }

  Held<Lane> lane_;
  bool may_run_now_ = true;
};

template <class Function>
void Lane::execute(Function function, bool may_run_now) {
  if (may_run_now && owned_by_this_thread()) {
    std::move(function)();
    return;
  }
  auto* job = new JobOf<Function>(std::move(function));
  if (accept(job)) return;
  const std::unique_ptr<JobOf<Function>> here(job);
  asio::require(beyond_, asio::execution::blocking.never).execute(std::move(here->function));
}

}  // namespace drawbridge::python
