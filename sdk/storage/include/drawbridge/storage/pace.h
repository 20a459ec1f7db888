#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace drawbridge::storage {

/// Guesses whether the next read finds what it needs in memory: it does while its predecessors did. A read that took as
/// long as a disk takes sends those after it to the blocking pool, until enough of them were quick again. So the disk
/// holds up an I/O thread for one read at a time at the most, and a warm database answers without changing threads.
/// Thread-safe.
class Pace {
 public:
  /// A reading of a clock that costs next to nothing; `note` takes what passed. A tick is a nanosecond or less.
  static std::uint64_t ticks() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();  // asking the system takes as long as a tenth of a read
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }

  bool quick() const {
    return doubtful_.load(std::memory_order_relaxed) == 0;
  }

  void note(std::uint64_t took) {
    if (took > disk) {
      doubtful_.store(probation, std::memory_order_relaxed);
    } else if (auto left = doubtful_.load(std::memory_order_relaxed); left > 0) {
      doubtful_.compare_exchange_strong(left, left - 1, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::uint64_t disk = 160'000;  // 40 to 160 microseconds
  static constexpr int probation = 32;
  std::atomic<int> doubtful_{0};
};

}  // namespace drawbridge::storage
