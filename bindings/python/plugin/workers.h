#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "drawbridge/clock.h"
#include "gil.h"

namespace drawbridge::python {

/// One call of Python code. Whoever waits for it may give up: it owns all that it needs.
class Job {
 public:
  explicit Job(std::string method) : method_(std::move(method)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// On a worker, with the GIL. Throws nothing; calls `finish`, or sees to it that it is called.
  virtual void run() = 0;

  const std::string& method() const { return method_; }
  /// By whoever has the result. What comes after the first, or after `abandon`, is dropped.
  void finish(std::exception_ptr failure) noexcept;
  /// Called once it is finished, on that thread; set before it is submitted.
  void when_finished(std::function<void()> tell) { tell_ = std::move(tell); }

  /// Whether the Python code has ended, given up or not.
  bool over() const { return over_; }
  void set_over() { over_ = true; }

  /// Gives it up, because it is late or because nobody wants it any more; unless it is finished: then false.
  bool abandon(bool late);
  bool pending() const;
  bool abandoned() const;
  bool late() const { return late_; }
  /// Whether it finished in time.
  bool wait(Milliseconds at_most);
  /// Throws what it failed with. When finished.
  void rethrow() const;

 private:
  enum class State { pending, finished, abandoned };
  const std::string method_;
  std::atomic<bool> over_{false};
  std::atomic<bool> late_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::pending;
  std::exception_ptr failure_;
  std::function<void()> tell_;
};

/// The threads of one component that run Python code, so that code which never returns takes no thread of the node.
/// They begin when there is work, and are left behind when they hang.
class Workers {
 public:
  /// A call that was given up counts as hung when it is late, or runs for longer than `patience`.
  Workers(std::size_t threads, std::size_t max_pending, Milliseconds patience);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Throws busy when too many are pending, unavailable when closed or when every thread hangs.
  void submit(std::shared_ptr<Job> job);

  /// Waits for what is pending, at most so long.
  void drain(Milliseconds at_most);
  /// Takes no more, and waits at most so long for the threads that can be ended.
  void close(Milliseconds at_most);

  /// Lets a Python object go, on a thread that has the GIL anyway. From any thread.
  void dispose(Object object);

  /// Calls that were given up, and hang.
  struct Hung {
    std::size_t threads = 0;  ///< How many threads they hold.
    bool loop = false;        ///< Whether a coroutine does not end when it is cancelled: it holds the loop.
    std::string method;       ///< One of them.
    Milliseconds since{};     ///< How long the oldest runs.
  };
  Hung hung() const;
  std::size_t threads() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace drawbridge::python
