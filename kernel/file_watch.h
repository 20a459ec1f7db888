#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "drawbridge/export.h"

namespace drawbridge::kernel {

/// Notices that a file was written or replaced, by looking at it now and then: that works on every file system, and
/// with every way in which editors save. A file that is being written is left to settle: it has changed when two looks
/// in a row find the same new state.
class DRAWBRIDGE_API FileWatch {
 public:
  explicit FileWatch(std::filesystem::path file);

  /// One look. True once for each settled change; a file that is gone has not changed.
  bool changed();

 private:
  struct State {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  std::optional<State> look() const;

  const std::filesystem::path file_;
  std::optional<State> known_;
  std::optional<State> last_;
};

}  // namespace drawbridge::kernel
