#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "drawbridge/export.h"
#include "drawbridge/task.h"

namespace drawbridge {

/// Lets tasks wait until something has changed: a condition variable for coroutines. Thread-safe.
///
///     for (;;) {
///       const auto seen = wakeup.version();          // before the look, so that no change is missed
///       { std::lock_guard lock(mutex); if (ready) co_return; }
///       co_await wakeup.wait(seen);
///     }
///
/// Whoever changes the state calls `notify()` afterwards, with or without the lock. The object must outlive every
/// task that waits on it, so such a task keeps a shared_ptr to the owner.
class DRAWBRIDGE_API Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  /// Resumes every waiting task, each on its own executor, never inside this call.
  void notify();

  /// Returns when `version()` is no longer `seen`, or early when the awaiting task is cancelled; look again in either
  /// case.
  Task<> wait(std::uint64_t seen);

 private:
  struct Waiter;
  template <class Handler>
  struct HandlerWaiter;
  void enlist(std::shared_ptr<Waiter> waiter, std::uint64_t seen);

  std::mutex mutex_;
  std::atomic<std::uint64_t> version_{0};
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace drawbridge
