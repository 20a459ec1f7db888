#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <variant>

#include "drawbridge/task.h"
#include "lane.h"
#include "values.h"

namespace drawbridge::python {

/// One call from Python into C++ that may wait. Begun by the thread that calls, which holds the GIL; the task starts on
/// that thread, without the GIL. The task owns all that it needs: the caller may leave it alone.
class Call : public Lane {
 public:
  explicit Call(asio::any_io_executor beyond) : Lane(std::move(beyond)) {}
  ~Call() override;

  /// Runs the task as far as it goes without waiting. By the owner, without the GIL.
  void begin();
  bool done() const { return done_; }

  /// What came out, or a Python error. Once, with the GIL, when done.
  py::object result();

  /// Asks the task to end early; it may also end well. From any thread; nothing happens once it is done.
  void cancel();

  /// Delivers the result to an asyncio future when done: the owner has left. With the GIL, before `leave`.
  void deliver_to(py::object loop, py::object future);

 protected:
  /// Does the work, keeps what comes out, and calls `finish`.
  virtual Task<> body(Held<Call> self) = 0;
  virtual py::object convert() = 0;
  void finish();
  std::exception_ptr failure_;

 private:
  struct Ended;

  std::atomic<bool> done_{false};
  asio::cancellation_signal cancellation_;
  Object loop_;
  Object future_;
};

/// Where calls go that wait, and who wants to know of them.
class CallSite : public std::enable_shared_from_this<CallSite> {
 public:
  virtual ~CallSite() = default;
  virtual asio::any_io_executor executor() = 0;
  /// A call that waits begins and ends here, so that whoever closes the component can end it early.
  virtual void waits(const Held<Call>& call) = 0;
  virtual void waits_no_more(const Held<Call>& call) = 0;
};

/// Waits for the result, with the GIL given away. A signal handler that raises (Ctrl-C) cancels the task and is raised;
/// a task that does not end within a second of it is left to end by itself.
py::object finish_now(CallSite& site, Held<Call> call);
/// An asyncio future of the running loop. Cancelling it cancels the task. Done already when the task did not wait.
py::object finish_later(CallSite& site, Held<Call> call);

/// A call with a result of type T, for which there is a `to_python(T&&)`; void is None. `Keep` is let go when the task
/// has ended.
template <class T, class Keep>
class CallOf final : public Call {
 public:
  CallOf(asio::any_io_executor beyond, Task<T> task, Keep keep)
      : Call(std::move(beyond)), keep_(std::move(keep)), task_(std::move(task)) {}

 protected:
  Task<> body([[maybe_unused]] Held<Call> self) override {  // which keeps this
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task_);
      } else {
        value_.emplace(co_await std::move(task_));
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    keep_.reset();
    finish();
  }

  py::object convert() override {
    if constexpr (std::is_void_v<T>) {
      return py::none();
    } else {
      return to_python(std::move(*value_));
    }
  }

 private:
  std::optional<Keep> keep_;
  Task<T> task_;
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value_;
};

template <class T, class Keep = std::monostate>
py::object run_now(CallSite& site, Task<T> task, Keep keep = {}) {
  return finish_now(site, Held<Call>(new CallOf<T, Keep>(site.executor(), std::move(task), std::move(keep))));
}
template <class T, class Keep = std::monostate>
py::object run_later(CallSite& site, Task<T> task, Keep keep = {}) {
  return finish_later(site, Held<Call>(new CallOf<T, Keep>(site.executor(), std::move(task), std::move(keep))));
}

}  // namespace drawbridge::python
