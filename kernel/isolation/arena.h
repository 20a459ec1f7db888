#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "drawbridge/bytes.h"
#include "kernel/isolation/fd.h"

namespace drawbridge::kernel::isolation {

/// Memory that two processes share, for what is too large to go through a socket twice. It has slots of a fixed size,
/// half of them for each side to write. The sender takes one, the receiver gives it back.
///
/// The other process can write anywhere in it at any time. Nothing in it is a pointer, and whether a slot is taken is
/// only advice: the worst that a false flag does is to spoil messages that go to the process that set it.
class DRAWBRIDGE_API Arena {
 public:
  static constexpr std::size_t slots = 16;                      ///< For each side.
  static constexpr std::size_t slot_bytes = 1_MiB + 64 * 1024;  ///< A blob's piece of 1 MiB and what goes around it.
  enum class Side { parent, child };

  /// A slot that this side has taken to write, or got to read. Empty after a move.
  class DRAWBRIDGE_API Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept { swap(other); }
    Slot& operator=(Slot&& other) noexcept {
      Slot taken(std::move(other));
      swap(taken);
      return *this;
    }
    ~Slot() { give_back(); }

    explicit operator bool() const { return flag_ != nullptr; }
    std::uint8_t index() const { return index_; }
    std::uint8_t* data() const { return data_; }
    /// The other side gives it back.
    void sent() { flag_ = nullptr; }
    void give_back() {
      if (flag_ != nullptr) flag_->store(0, std::memory_order_release);
      flag_ = nullptr;
    }

   private:
    friend class Arena;
    Slot(std::atomic<std::uint32_t>* flag, std::uint8_t* data, std::uint8_t index)
        : flag_(flag), data_(data), index_(index) {}
    void swap(Slot& other) noexcept {
      std::swap(flag_, other.flag_);
      std::swap(data_, other.data_);
      std::swap(index_, other.index_);
    }
    std::atomic<std::uint32_t>* flag_ = nullptr;
    std::uint8_t* data_ = nullptr;
    std::uint8_t index_ = 0;
  };

  /// A file of memory that cannot be made larger or smaller by anybody. Throws Error{unavailable}.
  static Fd create();
  /// Maps it. Throws Error{unavailable}.
  Arena(const Fd& file, Side own);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// A slot to write; empty when all are taken. Thread-safe.
  Slot take();
  /// The slot in which the other side says that a message is. The caller has checked the index.
  Slot received(std::uint8_t index);

 private:
  Slot at(Side side, std::size_t index);

  std::uint8_t* memory_ = nullptr;
  Side own_;
};

}  // namespace drawbridge::kernel::isolation
