#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "drawbridge/clock.h"
#include "drawbridge/task.h"

namespace drawbridge::kernel {

/// The threads of a node: one io_context with one thread a core, and a bounded pool for blocking work.
///
/// The end has two steps, because components own Asio objects and Asio owns coroutine frames that refer to components:
/// `stop()` ends the threads and destroys the frames, then the components are destroyed, then the Runtime.
class DRAWBRIDGE_API Runtime {
 public:
  /// `io_threads` 0: one a core. At most `blocking_threads + blocking_queue` blocking calls are under way at once.
  Runtime(unsigned io_threads, unsigned blocking_threads, unsigned blocking_queue);
  /// Stops first, without a limit.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The next I/O thread's executor, in turn. Thread-safe.
  asio::any_io_executor executor();
  std::vector<asio::any_io_executor> executors();
  bool on_io_thread() const;

  /// Runs `work` on the blocking pool; see Host::blocking. Throws Error{busy} when too many calls are under way.
  Task<> run_blocking(std::function<void()> work);

  /// Starts `task` on an I/O thread and calls `done` there with what it threw, or null. Returns at once.
  void spawn(Task<> task, std::function<void(std::exception_ptr)> done);

  /// Lets accepted blocking work finish, stops the I/O threads, then destroys every coroutine that is still waiting.
  /// False when a thread does not come back within `limit`: then nothing may be destroyed, neither this nor any
  /// component.
  bool stop(Milliseconds limit);
  /// Lets the threads go, for the rest of the process. This object must then never be destroyed.
  void abandon();

 private:
  class Context;
  struct Threads;

  std::vector<std::unique_ptr<Context>> contexts_;  ///< The last one is the blocking pool's.
  std::unique_ptr<Threads> threads_;
};

/// Waits on the steady clock; returns early, without an error, when the awaiting task is cancelled.
DRAWBRIDGE_API Task<> sleep_for(Milliseconds duration);

}  // namespace drawbridge::kernel
