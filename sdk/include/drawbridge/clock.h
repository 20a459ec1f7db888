#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drawbridge/export.h"

namespace drawbridge {

/// Wall-clock time in UTC with millisecond steps, as every format stores it.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// The source of time. Code takes it from its Host, so that a simulation can drive a cluster from one clock.
class DRAWBRIDGE_API Clock {
 public:
  virtual ~Clock();
  virtual Timestamp now() const = 0;
};

/// RFC 3339 in UTC: "2026-04-14T10:30:00Z", with milliseconds only where they are not zero. `parse_rfc3339` also
/// takes offsets ("+02:00") and returns nothing for anything that is not a real moment.
DRAWBRIDGE_API std::string to_rfc3339(Timestamp time);
DRAWBRIDGE_API std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// "250ms", "30s", "5m", "2h", "7d"; a bare number is refused. Bounded to ten years.
DRAWBRIDGE_API std::optional<Milliseconds> parse_duration(std::string_view text);
DRAWBRIDGE_API std::string to_text(Milliseconds duration);

/// "4096", "64KiB", "16MiB", "1GiB", "2TiB". Bytes.
DRAWBRIDGE_API std::optional<std::uint64_t> parse_size(std::string_view text);
DRAWBRIDGE_API std::string size_text(std::uint64_t bytes);

inline std::int64_t unix_ms(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp from_unix_ms(std::int64_t ms) {
  return Timestamp(Milliseconds(ms));
}

}  // namespace drawbridge
