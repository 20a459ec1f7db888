#pragma once

#include <atomic>
#include <utility>

#include "drawbridge/error.h"

namespace drawbridge::storage {

/// Counts the calls that are under way, so that `stop` can wait for them and later ones are refused.
class Gate {
 public:
  /// While it lives, the gate is not empty.
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_) gate_->leave();
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* gate_;
  };

  void open() { state_.store(0); }

  /// An empty pass when the gate is closed.
  Pass try_enter() {
    if ((state_.fetch_add(1) & closed) == 0) return Pass(this);
    leave();
    return Pass(nullptr);
  }

  /// Throws unavailable when the gate is closed.
  Pass enter() {
    auto pass = try_enter();
    if (!pass) throw Error(Code::unavailable, "the storage is not running");
    return pass;
  }

  /// Refuses newcomers. Safe twice.
  void close() { state_.fetch_or(closed); }
  bool empty() const { return (state_.load() & ~closed) == 0; }

 private:
  static constexpr unsigned closed = 1u << 31;

  void leave() { state_.fetch_sub(1); }

  std::atomic<unsigned> state_{closed};
};

}  // namespace drawbridge::storage
