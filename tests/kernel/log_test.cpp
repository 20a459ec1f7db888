#include "kernel/log.h"

#include <regex>

#include "fixture.h"

namespace drawbridge::test {
namespace {

class LogFile : public testing::Test {
 protected:
  kernel::LogConfig config(bool json) const {
    kernel::LogConfig config;
    config.json = json;
    config.file = (dir_ / "log.txt").string();
    return config;
  }
  std::string written() const { return support::read_text(dir_ / "log.txt"); }
  void expect(const std::string& pattern) const {
    EXPECT_TRUE(std::regex_match(written(), std::regex(pattern))) << written() << "\nis not\n" << pattern;
  }

  support::TempDir dir_;
};

const std::string time_pattern = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)";

TEST_F(LogFile, TextIsOneLineAnEvent) {
  kernel::Log(config(false), "alice").logger("main")->warning("two\nlines \x1b[2J {}", 7);
  expect(time_pattern + R"( warning main: two\\nlines \\x1b\[2J 7\n)");
}

TEST_F(LogFile, JsonIsEscaped) {
  kernel::Log(config(true), "alice").logger("main")->info("a \"quote\" \\ \n \x01 \xc3\xa9 \xff");
  expect(R"(\{"time":")" + time_pattern +
         R"(","level":"info","node":"alice","component":"main","message":"a \\"quote\\" \\\\ \\n \\u0001 )"
         "\xc3\xa9"
         R"( \\ufffd"\}\n)");
}

TEST_F(LogFile, EachComponentHasItsLevel) {
  auto own = config(false);
  own.level = Level::error;
  own.levels["loud"] = Level::trace;
  own.levels["mute"] = Level::off;
  const kernel::Log log(own, "alice");
  log.logger("main")->warning("not this");
  log.logger("loud")->debug("this");
  log.logger("mute")->error("not this");
  log.logger("main")->error("and this");
  expect(time_pattern + " debug   loud: this\n" + time_pattern + " error   main: and this\n");
  EXPECT_FALSE(log.logger("main")->enabled(Level::warning));
  EXPECT_FALSE(log.logger("loud")->enabled(Level::off));
}

TEST_F(LogFile, AnOverrideWins) {
  auto own = config(false);
  own.levels["loud"] = Level::trace;
  kernel::Log(own, "alice", Level::off).logger("loud")->error("not this");
  EXPECT_EQ(written(), "");
}

TEST_F(LogFile, ThatCannotBeOpenedIsAnError) {
  auto own = config(false);
  own.file = dir_.string();
  expect_throws(Code::unavailable, "cannot open the log", [&] { kernel::Log(own, "alice"); });
}

}  // namespace
}  // namespace drawbridge::test
