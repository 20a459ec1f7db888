#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "drawbridge/clock.h"

namespace drawbridge::cli {

/// One line of a transfer: "share  41%  ████▏      412.0 MiB of 1.0 GiB  480.2 MiB/s  1.2 s left", at most `columns`
/// wide.
std::string progress_line(const std::string& label, std::uint64_t done, std::optional<std::uint64_t> total,
                          Milliseconds elapsed, std::size_t columns);

/// A progress bar on standard error, if that is a terminal, for transfers over 8 MiB or 2 s. It is gone when the object
/// is.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap: draws ten times a second.
  void update(std::uint64_t done, std::optional<std::uint64_t> total);
  Milliseconds elapsed() const;

 private:
  using Steady = std::chrono::steady_clock;
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  Steady::time_point begin_ = Steady::now();
  Steady::time_point last_draw_ = begin_;
};

}  // namespace drawbridge::cli
