#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "drawbridge/error.h"

namespace drawbridge::kernel {

/// Lets one reload through at a time, and none while the node starts or stops. Thread-safe.
class Turnstile {
 public:
  class Pass {
   public:
    explicit Pass(Turnstile& turnstile) : turnstile_(&turnstile) {}
    Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (turnstile_ != nullptr) turnstile_->leave();
    }

   private:
    Turnstile* turnstile_;
  };

  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  /// Waits for the one that is inside. Safe twice.
  void close() {
    std::unique_lock lock(mutex_);
    open_ = false;
    left_.wait(lock, [this] { return !inside_; });
  }
  /// Throws unavailable when it is closed, busy when somebody is inside.
  Pass enter() {
    const std::lock_guard lock(mutex_);
    if (!open_) throw Error(Code::unavailable, "the node starts or stops", "reload it while it runs");
    if (inside_) throw Error(Code::busy, "a reload is under way", "try again when it is done");
    inside_ = true;
    return Pass(*this);
  }

 private:
  void leave() {
    const std::lock_guard lock(mutex_);
    inside_ = false;
    left_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  bool open_ = false;
  bool inside_ = false;
};

}  // namespace drawbridge::kernel
