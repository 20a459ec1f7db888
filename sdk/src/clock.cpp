#include "drawbridge/clock.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace drawbridge {
namespace {

using namespace std::chrono_literals;

/// Reads exactly `digits` decimal digits at `position` and moves behind them; -1 when they are not there.
int take_digits(std::string_view text, std::size_t& position, std::size_t digits) {
  if (text.size() < position + digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[position + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  position += digits;
  return value;
}

bool take(std::string_view text, std::size_t& position, std::string_view any_of) {
  if (position >= text.size() || any_of.find(text[position]) == std::string_view::npos) return false;
  ++position;
  return true;
}

/// Milliseconds of a fraction of a second: ".5", ".123456" (further digits are dropped).
std::optional<Milliseconds> take_fraction(std::string_view text, std::size_t& position) {
  int value = 0;
  int digits = 0;
  for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position, ++digits) {
    if (digits < 3) value = value * 10 + (text[position] - '0');
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return Milliseconds(value);
}

constexpr std::chrono::sys_days sys_year(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
}

/// The offset from UTC: "Z" or "+02:00".
std::optional<Milliseconds> take_offset(std::string_view text, std::size_t& position) {
  if (take(text, position, "Zz")) return 0ms;
  const bool negative = position < text.size() && text[position] == '-';
  if (!take(text, position, "+-")) return std::nullopt;
  const int hours = take_digits(text, position, 2);
  const bool colon = take(text, position, ":");
  const int minutes = take_digits(text, position, 2);
  if (hours < 0 || hours > 23 || !colon || minutes < 0 || minutes > 59) return std::nullopt;
  const Milliseconds offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return negative ? -offset : offset;
}

/// A decimal number followed by one of the units; nothing on overflow or anything else.
template <std::size_t n>
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             const std::array<std::pair<std::string_view, std::uint64_t>, n>& units,
                                             std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : units) {
    if (unit != name) continue;
    if (number > most / factor) return std::nullopt;
    return number * factor;
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> duration_units = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> size_units = {
    {{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {"TiB", 1ull << 40}}};

template <std::size_t n>
std::string with_largest_unit(std::uint64_t value,
                              const std::array<std::pair<std::string_view, std::uint64_t>, n>& units) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (value != 0 && value % units[i].second == 0) best = i;
  }
  return std::to_string(value / units[best].second) + std::string(units[best].first);
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds() != 0ms) out += fmt::format(".{:03}", clock.subseconds().count());
  return out + "Z";
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  const int year = take_digits(text, at, 4);
  if (!take(text, at, "-")) return std::nullopt;
  const int month = take_digits(text, at, 2);
  if (!take(text, at, "-")) return std::nullopt;
  const int day = take_digits(text, at, 2);
  if (year < 0 || month < 0 || day < 0 || !take(text, at, "Tt ")) return std::nullopt;
  const int hour = take_digits(text, at, 2);
  if (!take(text, at, ":")) return std::nullopt;
  const int minute = take_digits(text, at, 2);
  if (!take(text, at, ":")) return std::nullopt;
  const int second = take_digits(text, at, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;

  Milliseconds fraction = 0ms;
  if (take(text, at, ".")) {
    const auto taken = take_fraction(text, at);
    if (!taken) return std::nullopt;
    fraction = *taken;
  }
  const auto offset = take_offset(text, at);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!offset || at != text.size() || !date.ok()) return std::nullopt;
  const Timestamp at_minute =
      std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) - *offset;
  // RFC 3339 §5.7: a leap second ends a day of UTC; it counts as the second that follows.
  if (second == 60 && at_minute - std::chrono::floor<std::chrono::days>(at_minute) != 23h + 59min) return std::nullopt;
  const Timestamp time = at_minute + std::chrono::seconds(second) + fraction;
  if (time < Timestamp(sys_year(0)) || time >= Timestamp(sys_year(10000))) return std::nullopt;
  return time;
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  constexpr std::uint64_t ten_years_ms = 3653ull * 86'400'000;
  const auto ms = parse_with_unit(text, duration_units, ten_years_ms);
  if (!ms) return std::nullopt;
  return Milliseconds(static_cast<std::int64_t>(*ms));
}

std::string to_text(Milliseconds duration) {
  return with_largest_unit(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units, std::uint64_t{1} << 62);
}

std::string size_text(std::uint64_t bytes) {
  return with_largest_unit(bytes, size_units);
}

}  // namespace drawbridge
