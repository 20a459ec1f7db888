#include "kernel/cli/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "drawbridge/bytes.h"
#include "kernel/cli/output.h"

namespace drawbridge::cli {
namespace {

constexpr std::uint64_t worth_a_bar_bytes = 8_MiB;
constexpr Milliseconds worth_a_bar_time{2'000};
constexpr Milliseconds between_draws{100};
constexpr std::size_t narrowest_bar = 8;
constexpr std::size_t widest_bar = 40;

std::string bar(double share, std::size_t width) {
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
  return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

}  // namespace

std::string progress_line(const std::string& label, std::uint64_t done, std::optional<std::uint64_t> total,
                          Milliseconds elapsed, std::size_t columns) {
  auto left = label;
  auto right = human_size(done);
  if (total) right += " of " + human_size(*total);
  right += "  " + human_rate(done, elapsed);
  if (total && *total > 0) {
    const auto share = std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
    left += fmt::format("  {:3}%", static_cast<int>(share * 100));
    if (done > 0 && done < *total) {
      const Milliseconds rest(static_cast<std::int64_t>(static_cast<double>(elapsed.count()) * (1 - share) / share));
      right += "  " + human_time(rest) + " left";
    }
    const auto taken = left.size() + right.size() + 6;
    if (taken + narrowest_bar <= columns) left += "  " + bar(share, std::min(columns - taken, widest_bar));
  }
  return (left + "  " + right).substr(0, columns);
}

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(Output::stderr_is_terminal()) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void Progress::update(std::uint64_t done, std::optional<std::uint64_t> total) {
  if (!terminal_) return;
  const auto now = Steady::now();
  const bool large = total.value_or(done) > worth_a_bar_bytes;
  if (now - last_draw_ < between_draws || (!large && now - begin_ < worth_a_bar_time)) return;
  last_draw_ = now;
  drawn_ = true;
  const auto line = progress_line(label_, done, total, elapsed(), Output::stderr_columns() - 1);
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
}

Milliseconds Progress::elapsed() const {
  return std::chrono::duration_cast<Milliseconds>(Steady::now() - begin_);
}

}  // namespace drawbridge::cli
