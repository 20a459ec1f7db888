#pragma once

#include <memory>

#include "drawbridge/clock.h"
#include "drawbridge/export.h"
#include "drawbridge/task.h"

namespace drawbridge {

/// Runs two tasks side by side on the caller's executor and returns when both have ended; throws what failed first. A
/// task that fails does not cancel the other, so both may use what the caller's frame owns.
DRAWBRIDGE_API Task<> together(Task<> first, Task<> second);

/// Background tasks of a component, so that `stop()` can end and await them all.
///
///     group_.spawn(host.executor(), work());     // in start()
///     co_await group_.stop();                    // in stop(): cancels every task and waits for its end
///
/// A task that throws just ends: it should catch and log what matters. Thread-safe.
class DRAWBRIDGE_API TaskGroup {
 public:
  TaskGroup();
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task; after `stop` has begun it is dropped without running.
  void spawn(asio::any_io_executor executor, Task<> task);
  /// How many have not ended.
  std::size_t size() const;
  /// Cancels them (a cancelled wait throws in its task) and returns when all have ended. Safe twice.
  Task<> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// A bell that a worker sleeps by: `wait` returns after the duration or soon after a `ring`, whichever is first. A ring
/// while nobody waits is remembered. One task waits at a time; any thread rings.
class DRAWBRIDGE_API Bell {
 public:
  explicit Bell(asio::any_io_executor executor);
  ~Bell();

  void ring();
  Task<> wait(Milliseconds at_most);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace drawbridge
