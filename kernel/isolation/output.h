#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "drawbridge/log.h"
#include "kernel/isolation/fd.h"

namespace drawbridge::kernel::isolation {

/// What a process writes to its standard output and error, as lines for the log. Thread-safe.
class Output {
 public:
  /// Takes what is there, without waiting. False at its end.
  bool read(const Fd& pipe);
  /// Logs the whole lines, and with `all` what is left.
  void log(Logger& log, bool all);
  /// What was read and not logged, as one line.
  std::string rest();

 private:
  static constexpr std::size_t max_line = 4096;

  std::mutex mutex_;
  std::string text_;
};

}  // namespace drawbridge::kernel::isolation
