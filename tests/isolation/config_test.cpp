// `isolate:` in a configuration: what is said of a wrong one, and that nothing starts.
#include "fixture.h"

namespace drawbridge::isolation_test {
namespace {

std::string with(const std::string& isolate) {
  return "storage:\n  main: {plugin: test.bad, isolate: " + isolate + "}\n";
}

TEST(IsolationConfig, Accepts) {
  EXPECT_EQ(config_errors(with("process")), "");
  EXPECT_EQ(config_errors(with("none")), "");
  EXPECT_EQ(config_errors(with("{process: true, call_timeout: 30s, stop_timeout: 5s, memory: 512MiB}")), "");
  EXPECT_EQ(config_errors(with("{process: false}")), "");
  EXPECT_EQ(config_errors(with("{memory: 0}")), "");
  EXPECT_EQ(config_errors("storage:\n  main: {plugin: test.bad, isolate: process, start: crashes}\n"), "");
}

TEST(IsolationConfig, SaysWhatIsWrongAndWhere) {
  const auto expect = [](const std::string& isolate, const std::string& part) {
    const auto errors = config_errors(with(isolate));
    EXPECT_NE(errors.find(part), std::string::npos) << isolate << ": " << errors;
  };
  expect("thread", "test.yaml:3:37: `isolate` must be `process`, `none` or a mapping");
  expect("[process]", "test.yaml:3:37: `isolate` must be");
  expect("{memory: 1MiB}", "`memory` must be 0 or at least 16MiB");
  expect("{memory: much}", "test.yaml:3:46: `memory`:");
  expect("{call_timeout: 1ms}", "test.yaml:3:52: `call_timeout`:");
  expect("{call_timeuot: 1s}", "unknown option `call_timeuot`, did you mean `call_timeout`?");
}

TEST(IsolationConfig, ChecksOptionsInTheProcess) {
  const auto errors = config_errors(
      "storage:\n  main:\n    plugin: test.bad\n    isolate: process\n    number: 11\n    strat: well\n    stop: "
      "nicely\n"
      "    other: nobody\n");
  for (const char* part :
       {"test.yaml:6:13: `number`: ", "1 to 10", "test.yaml:7:5: unknown option `strat`, did you mean `start`?",
        "test.yaml:8:11: `stop`: ", "test.yaml:9:12: `other`: no component is called `nobody`"}) {
    EXPECT_NE(errors.find(part), std::string::npos) << part << "\n" << errors;
  }
}

TEST(IsolationConfig, ChecksReferences) {
  EXPECT_NE(config_errors("storage:\n  main: {plugin: test.bad, isolate: process, other: other}\n"
                          "  other: {plugin: test.uncrossable}\n")
                .find("test.yaml:3:53: `other`: the component `other` (test.uncrossable) is no Records"),
            std::string::npos);
}

TEST(IsolationConfig, RefusesWhatCannotCross) {
  EXPECT_NE(
      config_errors("storage:\n  main: {plugin: test.uncrossable, isolate: process}\n")
          .find("test.yaml:3:18: `test.uncrossable` cannot run in a process of its own: its `assets` is a Assets, "
                "which does not cross processes (leave out `isolate`; what crosses is Records, Blobs,"),
      std::string::npos);
  EXPECT_NE(config_errors("storage:\n  main: {plugin: test.two_faced, isolate: process}\n")
                .find("test.yaml:3:18: `test.two_faced` cannot run in a process of its own: it is Records and Keyring "
                      "at once"),
            std::string::npos);
}

TEST(IsolationConfig, SurvivesAPluginThatCrashesBeforeItIsConfigured) {
  const auto errors = config_errors("storage:\n  main: {plugin: test.bad_options, isolate: process}\n");
  EXPECT_NE(errors.find("test.yaml:3:18: its process was killed by signal 6"), std::string::npos) << errors;
  EXPECT_NE(errors.find("out of options"), std::string::npos) << errors;
}

TEST(IsolationConfig, RefusesAnUnknownPlugin) {
  EXPECT_NE(config_errors("storage:\n  main: {plugin: test.baad, isolate: process}\n").find("did you mean `test.bad`?"),
            std::string::npos);
}

}  // namespace
}  // namespace drawbridge::isolation_test
