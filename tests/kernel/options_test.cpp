// Options as YAML gives them to a component: values, errors with their places, secrets.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "fixture.h"

namespace drawbridge::test {
namespace {

const std::string head = "node: {name: alice}\n";

std::string with(const std::string& options) {
  return head + "x:\n  main: {plugin: test.options, title: t, " + options + "}\n";
}

std::string dump(const std::string& yaml) {
  return make_node(yaml)->find<Probe>("main")->dump();
}

TEST(OptionValues, AreApplied) {
  EXPECT_EQ(dump(with("")),
            "title=t\npath=\nport=80\ncache=1048576\nwait=1000\nsync=true\nmode=safe\npeers=\npassword=\n");
  EXPECT_EQ(
      dump(with("path: /a//b/../c, port: 65535, cache: 2KiB, wait: 5s, sync: false, mode: fast, peers: [a, b c]")),
      "title=t\npath=/a/c\nport=65535\ncache=2048\nwait=5000\nsync=false\nmode=fast\npeers=a;b c;\npassword=\n");
}

TEST(OptionValues, APathBeginsInTheFolderOfTheFile) {
  const support::TempDir dir;
  const auto file = dir.write("node.yaml", with("path: sub/file"));
  const auto node = kernel::Node::from_file(file, test_options());
  EXPECT_NE(node->find<Probe>("main")->dump().find("path=" + dir.string() + "/sub/file\n"), std::string::npos);
}

TEST(OptionErrors, EachHasItsPlaceAndSaysWhatIsWrong) {
  const int column = 42;  // of the option's value, behind "  main: {plugin: test.options, title: t, "
  expect_error(with("port: 0"), 3, column + 6, "`port`: 0 is out of bounds, must be 1 to 65535");
  expect_error(with("port: 80x"), 3, column + 6, "`port`: '80x' is not a whole number");
  expect_error(with("port: 99999999999999999999"), 3, column + 6, "is not a whole number");
  expect_error(with("port: [80]"), 3, column + 6, "`port` must be a single value, not a list");
  expect_error(with("cache: 2GiB"), 3, column + 7, "must be 1KiB to 1GiB");
  expect_error(with("wait: 5"), 3, column + 6, "write it like 30s");
  expect_error(with("sync: yes"), 3, column + 6, "'yes' is neither true nor false");
  expect_error(with("mode: slow"), 3, column + 6, "'slow' is not one of fast, safe");
  expect_error(with("peers: {a: b}"), 3, column + 7, "`peers` must be a list, not a mapping");
  expect_error(with("peers: [a, [b]]"), 3, column + 11, "an item must be a single value, not a list");
  expect_error(with("prot: 1"), 3, column, "unknown option `prot`, did you mean `port`?");
  expect_error(with("quite_else: 1"), 3, column, "known options: title, path, port");
  expect_error(head + "x:\n  main: {plugin: test.options}\n", 3, 3, "`title` is missing (What it is called.)");
  expect_error(head + "x:\n  main: {plugin: test.options, title: }\n", 3, 39,
               "`title` must be a single value, not nothing");
  expect_error(head + "x:\n  main: {plugin: test.options, title: ''}\n", 3, 39, "`title`: must not be empty");
  expect_error(head + "x:\n  main: {plugin: test.bare, any: 1}\n", 3, 29, "known options: none");
}

TEST(OptionErrors, APluginThatDeclaresAnOptionTwiceIsNamed) {
  expect_error(head + "x:\n  main: {plugin: test.twice}\n", 3, 18, "declares the option `name` that is already taken");
}

TEST(ComponentReferences, AreBoundByNameOrByDefault) {
  const std::string recorder = "{plugin: test.recorder";
  auto node = make_node(head + "x:\n  main: " + recorder + ", first: other}\n  other: " + recorder +
                        "}\n  first: " + recorder + "}\n  user: " + recorder + "}\n");
  node->start();
  EXPECT_EQ(node->find<Probe>("main")->dump(), "other");
  EXPECT_EQ(node->find<Probe>("user")->dump(), "first");
  EXPECT_EQ(node->find<Probe>("first")->dump(), "-") << "a default is never the component itself";
}

TEST(ComponentReferences, ThatFailAreErrors) {
  expect_error(head + "x:\n  main: {plugin: test.recorder, first: othr}\n  other: {plugin: test.recorder}\n", 3, 40,
               "`first`: no component is called `othr`, did you mean `other`?");
  expect_error(head + "x:\n  main: {plugin: test.recorder, first: other}\n  other: {plugin: test.bare}\n", 3, 40,
               "`first`: the component `other` (test.bare) is no Probe");
  expect_error(head + "x:\n  main: {plugin: test.recorder}\n  first: {plugin: test.bare}\n", 3, 3, "is no Probe");
}

TEST(ComponentReferences, ACycleIsAnErrorThatPrintsIt) {
  expect_error(head + "x:\n  a: {plugin: test.recorder, first: b}\n  b: {plugin: test.recorder, first: a}\n", 4, 37,
               "components use each other in a cycle: a -> b -> a");
  expect_error(head + "x:\n  a: {plugin: test.recorder, first: a}\n", 3, 37, "in a cycle: a -> a");
  const auto errors =
      config_errors(head + "x:\n  a: {plugin: test.recorder, first: a, second: b}\n  b: {plugin: test.bare}\n");
  ASSERT_EQ(errors.size(), 2U) << "other errors are told with it";
  EXPECT_EQ(errors[1].message, "`second`: the component `b` (test.bare) is no Probe");
}

class Secrets : public testing::Test {
 protected:
  std::string yaml(const std::string& file) const { return with("password_file: " + file); }
  void expect(const std::string& file, const std::string& part) const { expect_error(yaml(file), 3, 57, part); }
  support::TempDir dir_;
};

TEST_F(Secrets, AreReadFromAFileOrTheEnvironment) {
  const auto file = dir_.write("pw", "correct horse\n");
  EXPECT_NE(dump(yaml(file)).find("password=correct horse\n"), std::string::npos);
  ::setenv("DRAWBRIDGE_TEST_PASSWORD", "battery", 1);
  EXPECT_NE(dump(with("password_env: DRAWBRIDGE_TEST_PASSWORD")).find("password=battery\n"), std::string::npos);
}

TEST_F(Secrets, MayNotBeReadableByOthers) {
  for (const unsigned mode : {0640U, 0604U, 0644U, 0666U}) {
    const auto file = dir_.write("pw", "x", mode).string();
    expect(file, "others may read '" + file + "' (run: chmod 600 " + file + ")");
  }
}

TEST_F(Secrets, MayNotBelongToSomebodyElse) {
  const auto file = dir_.write("pw", "x").string();
  if (::chown(file.c_str(), 12345, 12345) != 0) {
    std::printf("left out: only root can give a file away\n");
    return;
  }
  expect(file, "belongs to another user");
}

TEST_F(Secrets, MustBeFilesWithContent) {
  expect(dir_.string(), "is not a regular file");
  expect((dir_ / "none").string(), "No such file or directory (put the secret into a file of your own with mode 600)");
  expect(dir_.write("empty", "").string(), "is empty");
  expect(dir_.write("line", "\n").string(), "is empty");
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  expect((dir_ / "fifo").string(), "is not a regular file");
}

TEST_F(Secrets, NeverStandInTheConfiguration) {
  expect_error(with("password: hunter2"), 3, 42, "never stands in the configuration itself (use `password_file: FILE`");
  for (const auto& error : config_errors(with("password: hunter2"))) {
    EXPECT_EQ(error.text().find("hunter2"), std::string::npos);
  }
}

TEST_F(Secrets, OfTheEnvironmentMustBeSetAndGivenOnce) {
  ::unsetenv("DRAWBRIDGE_TEST_UNSET");
  ::setenv("DRAWBRIDGE_TEST_PASSWORD", "", 1);
  expect_error(with("password_env: DRAWBRIDGE_TEST_UNSET"), 3, 56,
               "the environment variable 'DRAWBRIDGE_TEST_UNSET' is not set");
  expect_error(with("password_env: DRAWBRIDGE_TEST_PASSWORD"), 3, 56, "'DRAWBRIDGE_TEST_PASSWORD' is empty");
  const auto file = dir_.write("pw", "x").string();
  expect_error(with("password_file: " + file + ", password_env: X"), 3, 42 + 17 + static_cast<int>(file.size()),
               "`password_file` and `password_env` are given");
}

}  // namespace
}  // namespace drawbridge::test
