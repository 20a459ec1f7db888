#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace drawbridge::lmdb {

/// Which values were checked since the start, by their place in the map and their checksum, so that one that is read
/// again and again is checked once: LMDB never changes a value in its place. Bounded; forgets when places collide.
/// Thread-safe.
class Verified {
 public:
  bool holds(const void* at, std::uint64_t sum) const {
    return slot(at).load(std::memory_order_relaxed) == mark(at, sum);
  }
  void note(const void* at, std::uint64_t sum) { slot(at).store(mark(at, sum), std::memory_order_relaxed); }

 private:
  static constexpr unsigned bits = 16;
  using Slots = std::array<std::atomic<std::uint64_t>, std::size_t{1} << bits>;

  static std::uint64_t spread(const void* at) { return reinterpret_cast<std::uintptr_t>(at) * 0x9E3779B97F4A7C15u; }
  static std::uint64_t mark(const void* at, std::uint64_t sum) { return sum ^ spread(at); }
  std::atomic<std::uint64_t>& slot(const void* at) const { return (*slots_)[spread(at) >> (64 - bits)]; }

  const std::unique_ptr<Slots> slots_ = std::make_unique<Slots>();
};

}  // namespace drawbridge::lmdb
