#include "drawbridge/clock.h"

#include <limits>
#include <map>

#include "fixture.h"

namespace drawbridge {
namespace {

std::optional<std::int64_t> parsed(std::string_view text) {
  const auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return unix_ms(*time);
}

TEST(Clock, WritesRfc3339) {
  EXPECT_EQ(to_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(from_unix_ms(1776162600000)), "2026-04-14T10:30:00Z");
  EXPECT_EQ(to_rfc3339(from_unix_ms(1776162600007)), "2026-04-14T10:30:00.007Z");
  EXPECT_EQ(to_rfc3339(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(from_unix_ms(253402300799999)), "9999-12-31T23:59:59.999Z");
}

TEST(Clock, ReadsOffsets) {
  EXPECT_EQ(parsed("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parsed("1970-01-01t02:00:00+02:00"), 0);
  EXPECT_EQ(parsed("1969-12-31 19:00:00-05:00"), 0);
  EXPECT_EQ(parsed("1970-01-01T00:00:00z"), 0);
  EXPECT_EQ(parsed("1970-01-01T05:45:00+05:45"), 0);
  EXPECT_EQ(parsed("1970-01-01T23:59:00+23:59"), 0);
  EXPECT_EQ(parsed("1970-01-01T00:00:00-00:00"), 0);
}

TEST(Clock, ReadsFractions) {
  EXPECT_EQ(parsed("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(parsed("1970-01-01T00:00:00.05Z"), 50);
  EXPECT_EQ(parsed("1970-01-01T00:00:00.123456789Z"), 123);
  EXPECT_EQ(parsed("1970-01-01T00:00:00.9999Z"), 999);
  EXPECT_FALSE(parsed("1970-01-01T00:00:00.Z"));
  EXPECT_FALSE(parsed("1970-01-01T00:00:00.1234567890Z"));
  EXPECT_FALSE(parsed("1970-01-01T00:00:00,5Z"));
}

TEST(Clock, LeapDaysAndSeconds) {
  EXPECT_EQ(parsed("2024-02-29T00:00:00Z"), 1709164800000);
  EXPECT_EQ(parsed("2000-02-29T00:00:00Z"), 951782400000);
  EXPECT_FALSE(parsed("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(parsed("2100-02-29T00:00:00Z"));
  EXPECT_FALSE(parsed("2024-02-30T00:00:00Z"));
  EXPECT_EQ(parsed("2016-12-31T23:59:60Z"), parsed("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parsed("2017-01-01T00:59:60+01:00"), parsed("2017-01-01T00:00:00Z"));
  EXPECT_FALSE(parsed("2016-12-31T12:00:60Z"));
  EXPECT_FALSE(parsed("2016-12-31T23:59:61Z"));
}

TEST(Clock, RefusesWhatIsNoMoment) {
  for (const auto* bad : {"",
                          "now",
                          "2026",
                          "2026-04-14",
                          "2026-04-14T10:30:00",
                          "2026-04-14T10:30Z",
                          "2026-13-01T00:00:00Z",
                          "2026-00-01T00:00:00Z",
                          "2026-01-00T00:00:00Z",
                          "2026-04-31T00:00:00Z",
                          "2026-04-14T24:00:00Z",
                          "2026-04-14T10:60:00Z",
                          "2026-04-14T10:30:00Zx",
                          " 2026-04-14T10:30:00Z",
                          "2026-04-14T10:30:00Z ",
                          "26-04-14T10:30:00Z",
                          "+026-04-14T10:30:00Z",
                          "2026-4-14T10:30:00Z",
                          "2026-04-14T10:30:00+24:00",
                          "2026-04-14T10:30:00+02:60",
                          "2026-04-14T10:30:00+0200",
                          "2026-04-14T10:30:00+02",
                          "2026/04/14T10:30:00Z",
                          "2026-04-14T1a:30:00Z",
                          "2026-04-14T-1:30:00Z",
                          "0000-01-01T00:00:00+00:01",
                          "9999-12-31T23:59:59-00:01"}) {
    EXPECT_FALSE(parsed(bad)) << bad;
  }
  EXPECT_FALSE(parse_rfc3339(std::string_view("2026-04-14T10:30:00Z\0", 21)));
}

TEST(Clock, EveryPrefixAndByteOfATimeIsHandled) {
  const std::string good = "2026-04-14T10:30:00.125+02:00";
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parsed(good.substr(0, size))) << size;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = good;
      changed[i] = static_cast<char>(c);
      if (const auto time = parse_rfc3339(changed)) {
        EXPECT_EQ(parse_rfc3339(to_rfc3339(*time)), time) << changed;
      }
    }
  }
}

TEST(Clock, RoundTripsOverTheYears) {
  for (std::int64_t ms = -62'167'219'200'000; ms < 253'402'300'800'000; ms += 99'999'999'977) {
    EXPECT_EQ(parsed(to_rfc3339(from_unix_ms(ms))), ms);
  }
}

TEST(Clock, Durations) {
  const std::map<std::string, std::int64_t> good = {
      {"0ms", 0},        {"250ms", 250},      {"30s", 30'000}, {"5m", 300'000},
      {"2h", 7'200'000}, {"7d", 604'800'000}, {"0d", 0},       {"3653d", 315'619'200'000}};
  for (const auto& [text, ms] : good) EXPECT_EQ(parse_duration(text), Milliseconds(ms)) << text;
  for (const auto* bad :
       {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "5S", "5sec", "1.5s", "1e3s", "0x5s", "3654d",
        "18446744073709551615d", "18446744073709551616ms", "99999999999999999999999s", "5y", "5w"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Clock, DurationText) {
  for (const auto* text : {"0ms", "1ms", "999ms", "1s", "90s", "5m", "36h", "7d"}) {
    EXPECT_EQ(to_text(parse_duration(text).value()), text);
  }
  EXPECT_EQ(to_text(Milliseconds(60'000)), "1m");
  EXPECT_EQ(to_text(Milliseconds(86'400'000)), "1d");
}

TEST(Clock, Sizes) {
  const std::map<std::string, std::uint64_t> good = {{"0", 0},
                                                     {"4096", 4096},
                                                     {"64KiB", 65536},
                                                     {"16MiB", 16u << 20},
                                                     {"1GiB", 1u << 30},
                                                     {"2TiB", 2ull << 40},
                                                     {"4611686018427387904", 1ull << 62}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(parse_size(text), bytes) << text;
  for (const auto* bad :
       {"", "KiB", "-1", "+1", "1KB", "1kib", "1K", "1 KiB", " 1", "1 ", "1.5MiB", "0x10", "4611686018427387905",
        "4503599627370497KiB", "4194305TiB", "18446744073709551616", "18014398509481985KiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  for (const auto* text : {"0", "1", "1023", "1KiB", "1025", "64KiB", "3MiB", "1GiB", "2TiB"}) {
    EXPECT_EQ(size_text(parse_size(text).value()), text);
  }
}

}  // namespace
}  // namespace drawbridge
