#include "kernel/cli/text.h"

#include <gtest/gtest.h>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"
#include "kernel/cli/exit_codes.h"
#include "kernel/cli/progress.h"

namespace drawbridge::cli {
namespace {

/// What the call throws; fails when it does not.
template <class Call>
Error refused(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Code::internal, ""};
}

TEST(Printable, keeps_text_of_any_language) {
  EXPECT_EQ(printable("a scan, ü 漢字 🙂.bin"), "a scan, ü 漢字 🙂.bin");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, lets_nothing_through_that_drives_a_terminal) {
  EXPECT_EQ(printable("\x1b[2Jx\r\n\ty\x7f"), "?[2Jx???y?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m")
      << "the 8-bit form of ESC [";
  EXPECT_EQ(printable("a\u202ecod.exe\u2066"), "a?cod.exe?") << "marks that reorder what is seen";
  EXPECT_EQ(printable("\xff\xfe ok"), "?? ok") << "no UTF-8";
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
}

TEST(DisplayWidth, counts_characters) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("ü…"), 2U);
}

TEST(Human, sizes) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1_KiB), "1.0 KiB");
  EXPECT_EQ(human_size(64_MiB), "64.0 MiB");
  EXPECT_EQ(human_size(1_GiB - 1), "1.0 GiB") << "never 1024.0 MiB";
  EXPECT_EQ(human_size(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(human_rate(64_MiB, Milliseconds(500)), "128.0 MiB/s");
  EXPECT_EQ(human_rate(1000, Milliseconds(0)), "976.6 KiB/s") << "no division by zero";
}

TEST(Human, times) {
  EXPECT_EQ(human_time(Milliseconds(420)), "420 ms");
  EXPECT_EQ(human_time(Milliseconds(3'250)), "3.2 s");
  EXPECT_EQ(human_time(Milliseconds(125'000)), "2 min 5 s");
  EXPECT_EQ(human_time(Milliseconds(11'220'000)), "3 h 7 min");
  EXPECT_EQ(human_time(Milliseconds(439'200'000)), "5 d 2 h");
}

TEST(Arguments, times) {
  EXPECT_EQ(to_rfc3339(time_argument("2026-04-14", "--from")), "2026-04-14T00:00:00Z");
  EXPECT_EQ(to_rfc3339(time_argument("2026-04-14T12:30:00+02:00", "--from")), "2026-04-14T10:30:00Z");
  for (const char* wrong : {"", "soon", "2026-02-30", "2026-4-14", "10:30:00"}) {
    const auto error = refused([&] { time_argument(wrong, "--from"); });
    EXPECT_EQ(error.code(), Code::invalid) << wrong;
    EXPECT_NE(std::string(error.what()).find("--from"), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Arguments, durations) {
  EXPECT_EQ(expiry_argument("2h", Timestamp{}, "--expires"), Timestamp(Milliseconds(7'200'000)));
  for (const char* wrong : {"", "2", "soon", "-1h", "0s"}) {
    EXPECT_EQ(refused([&] { expiry_argument(wrong, Timestamp{}, "--expires"); }).code(), Code::invalid) << wrong;
  }
  EXPECT_EQ(expiry("", ""), std::nullopt);
  EXPECT_TRUE(expiry("1h", ""));
  EXPECT_EQ(to_rfc3339(*expiry("", "2026-04-14T10:30:00Z")), "2026-04-14T10:30:00Z");
  EXPECT_EQ(refused([] { expiry("1h", "2026-04-14"); }).code(), Code::invalid);
}

TEST(Arguments, ranges) {
  EXPECT_EQ(range_argument("0-99"), "bytes=0-99");
  EXPECT_EQ(range_argument("100-"), "bytes=100-");
  EXPECT_EQ(range_argument("-50"), "bytes=-50");
  EXPECT_EQ(range_argument("7-7"), "bytes=7-7");
  for (const char* wrong : {"", "-", "5", "9-3", "a-b", "1-2,4-5", "1-2\r\nX: y", "99999999999999999999-"}) {
    EXPECT_EQ(refused([&] { range_argument(wrong); }).code(), Code::invalid) << wrong;
  }
}

TEST(Arguments, addresses) {
  for (const char* good : {"127.0.0.1:8081", "alice.example:8000", "[::1]:8000", "localhost:0"}) {
    EXPECT_EQ(address_argument(good, "--api", true), good);
  }
  for (const char* wrong :
       {"", "8081", ":8081", "host:", "host:65536", "host:-1", "::1:8000", "a b:1", "x\":1", "[]:1", "${env:A}:1"}) {
    EXPECT_EQ(refused([&] { address_argument(wrong, "--api", true); }).code(), Code::invalid) << wrong;
  }
  EXPECT_EQ(refused([] { address_argument("alice.example:0", "--advertise", false); }).code(), Code::invalid);
  EXPECT_TRUE(is_wildcard("0.0.0.0:8000"));
  EXPECT_TRUE(is_wildcard("[::]:8000"));
  EXPECT_FALSE(is_wildcard("10.0.0.1:8000"));
}

TEST(Arguments, where_a_listener_is_reached) {
  EXPECT_EQ(url_of_listen("127.0.0.1:8081"), "http://127.0.0.1:8081");
  EXPECT_EQ(url_of_listen("0.0.0.0:8081"), "http://127.0.0.1:8081");
  EXPECT_EQ(url_of_listen("[::]:8081"), "http://[::1]:8081");
  EXPECT_EQ(refused([] { url_of_listen("127.0.0.1:0"); }).code(), Code::unsupported);
  EXPECT_EQ(refused([] { url_of_listen("nonsense"); }).code(), Code::invalid);
}

TEST(ShellQuoted, is_one_word) {
  EXPECT_EQ(shell_quoted("/home/alice/.drawbridge"), "/home/alice/.drawbridge");
  EXPECT_EQ(shell_quoted("my node"), "'my node'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(FormatTable, aligns_by_what_is_seen) {
  const Table table{{"name", "size", "end"}, {{"ü.bin", "1 B", "x"}, {"a\nlong name", "64.0 MiB", ""}, {"short"}}, {1}};
  const std::vector<std::string> lines{"name             size  end", "ü.bin             1 B  x",
                                       "a?long name  64.0 MiB", "short"};
  EXPECT_EQ(format_table(table), lines);
}

TEST(ExitCodes, tell_errors_apart) {
  EXPECT_EQ(exit_code(Code::internal), 1);
  EXPECT_EQ(exit_code(Code::invalid), 2);
  EXPECT_EQ(exit_code(Code::not_found), 3);
  EXPECT_EQ(exit_code(Code::forbidden), 4);
  EXPECT_EQ(exit_code(Code::unauthenticated), 4);
  EXPECT_EQ(exit_code(Code::gone), 5);
  EXPECT_EQ(exit_code(Code::conflict), 6);
  EXPECT_EQ(exit_code(Code::unavailable), 7);
  EXPECT_EQ(exit_code(Code::busy), 7);
  EXPECT_EQ(exit_code(Code::cannot_open), 8);
  EXPECT_EQ(exit_code(Code::corrupt), 8);
  EXPECT_EQ(exit_code(Code::too_large), 9);
  EXPECT_EQ(exit_code(Code::payment_required), 10);
  EXPECT_EQ(exit_code(Code::unsupported), 11);
}

TEST(ExitCodes, are_all_in_the_table) {
  const auto table = exit_code_table();
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    const std::string known(name(static_cast<Code>(code)));
    EXPECT_NE(table.find(known), std::string::npos) << known;
  }
}

TEST(ProgressLine, tells_how_much_and_how_long) {
  EXPECT_EQ(progress_line("get", 32_MiB, 64_MiB, Milliseconds(1000), 200),
            "get   50%  [####################....................]  32.0 MiB of 64.0 MiB  32.0 MiB/s  1.0 s left");
  EXPECT_EQ(progress_line("get", 64_MiB, 64_MiB, Milliseconds(2000), 50),
            "get  100%  64.0 MiB of 64.0 MiB  32.0 MiB/s");
  EXPECT_EQ(progress_line("share", 3_MiB, std::nullopt, Milliseconds(1000), 80), "share  3.0 MiB  3.0 MiB/s");
  EXPECT_EQ(progress_line("get", 0, 0, Milliseconds(0), 80), "get  0 B of 0 B  0 B/s");
}

TEST(ProgressLine, is_never_wider_than_the_terminal) {
  for (std::size_t columns = 1; columns < 120; ++columns) {
    EXPECT_LE(progress_line("get", 32_MiB, 64_MiB, Milliseconds(1000), columns).size(), columns);
  }
}

}  // namespace
}  // namespace drawbridge::cli
