// The configuration: what is read, and every way in which it can be wrong, with the place of the error.
#include <cstdlib>

#include "fixture.h"

namespace drawbridge::test {
namespace {

const std::string head = "node: {name: alice}\n";

TEST(Config, ReadsEverySection) {
  kernel::Problems problems("folder/node.yaml");
  const auto config = kernel::parse_config(
      "log: {format: json, level: warning, levels: {main: debug, node: off}, file: log.txt}\n"
      "node: {name: a-1_b.c, data: data, stop_timeout: 5s, io_threads: 3, blocking_threads: 2, blocking_queue: 7}\n"
      "storage:\n"
      "  main: {plugin: storage.memory, one: 1}\n"
      "  other:\n"
      "    plugin: storage.memory\n",
      "folder/node.yaml", problems);
  problems.raise();
  EXPECT_EQ(config.folder, std::filesystem::current_path() / "folder");
  EXPECT_EQ(config.node.name, "a-1_b.c");
  EXPECT_EQ(config.node.data, config.folder / "data");
  EXPECT_EQ(config.node.stop_timeout, Milliseconds(5000));
  EXPECT_EQ(config.node.io_threads, 3U);
  EXPECT_EQ(config.node.blocking_threads, 2U);
  EXPECT_EQ(config.node.blocking_queue, 7U);
  EXPECT_TRUE(config.log.json);
  EXPECT_EQ(config.log.level, Level::warning);
  EXPECT_EQ(config.log.levels.at("main"), Level::debug);
  EXPECT_EQ(config.log.levels.at("node"), Level::off);
  EXPECT_EQ(config.log.file, config.folder / "log.txt");
  ASSERT_EQ(config.components.size(), 2U);
  EXPECT_EQ(config.components[0].section, "storage");
  EXPECT_EQ(config.components[0].plugin, "storage.memory");
  EXPECT_EQ(config.components[0].options.at(0).key, "one");
  EXPECT_EQ(config.components[1].name, "other");
  EXPECT_EQ(config.components[1].mark.line, 5);
}

TEST(Config, HasDefaults) {
  const auto node = make_node(head);
  EXPECT_EQ(node->config().node.stop_timeout, Milliseconds(30'000));
  EXPECT_EQ(node->config().node.blocking_threads, 8U);
  EXPECT_EQ(node->config().node.data, "");
  EXPECT_FALSE(node->config().log.json);
  EXPECT_EQ(node->config().log.level, Level::info);
}

TEST(Config, SyntaxErrorsHaveAPlace) {
  expect_error("node: {name: alice\nstorage: [\n", 2, 8, "not valid YAML");
  expect_error("node:\n  name: alice\n bad\n", 3, 2, "not valid YAML");
  expect_error("", 1, 1, "a mapping of sections, not nothing");
  expect_error("- a\n", 1, 1, "a mapping of sections, not a list");
  expect_error(head + "x: {a: \x01}\n", 2, 8, "control character 0x01");
  expect_error(head + "? [a]\n: b\n", 2, 3, "a key must be a plain name");
  expect_error(std::string(1 << 20, '#') + "\n" + head, 0, 0, "larger than 1 MiB");
}

TEST(Config, MoreThanOneDocumentIsRefused) {
  const auto errors = config_errors(head + "---\nstorage: {}\n");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].message.find("more than one YAML document"), std::string::npos);
}

TEST(Config, AliasesCannotGrowWithoutEnd) {
  std::string yaml = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    yaml += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) yaml += std::string(i ? ", *" : "*") + static_cast<char>(c - 1);
    yaml += "]\n";
  }
  bool told = false;
  for (const auto& error : config_errors(yaml)) told = told || error.message.find("too large") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST(Config, TheNodeSectionIsChecked) {
  expect_error("storage: {}\n", 1, 1, "the section `node` is missing");
  expect_error("node: alice\n", 1, 1, "`node` must be a mapping, not a single value");
  expect_error("node: {data: x}\n", 1, 1, "`name` is missing");
  expect_error("node: {name: Alice}\n", 1, 14, "`Alice` is not a name");
  expect_error("node: {name: " + std::string(65, 'a') + "}\n", 1, 14, "is not a name (use 1 to 64");
  expect_error("node: {name: a, dta: x}\n", 1, 17, "unknown option `dta`, did you mean `data`?");
  expect_error("node: {name: a, stop_timeout: 30}\n", 1, 31, "`stop_timeout`: '30' is not a duration");
  expect_error("node: {name: a, io_threads: 1000}\n", 1, 29, "must be 0 to 256");
  expect_error("node: {name: a, blocking_threads: 0}\n", 1, 35, "must be 1 to 256");
  expect_error("node: {name: [a]}\n", 1, 14, "`name` must be a single value, not a list");
}

TEST(Config, TheLogSectionIsChecked) {
  expect_error(head + "log: {format: xml}\n", 2, 15, "'xml' is not one of text, json");
  expect_error(head + "log: {levle: info}\n", 2, 7, "did you mean `level`?");
  expect_error(head + "log: {levels: {mian: info}}\nx: {main: {plugin: test.bare}}\n", 2, 16, "did you mean `main`?");
  expect_error(head + "log: {levels: {main: loud}}\nx: {main: {plugin: test.bare}}\n", 2, 22,
               "'loud' is not one of trace");
  expect_error(head + "log: {levels: info}\n", 2, 7, "`levels` must be a mapping");
}

TEST(Config, ComponentsAreChecked) {
  expect_error(head + "storage: x\n", 2, 1, "`storage` must be a mapping");
  expect_error(head + "storage: {Main: {plugin: test.bare}}\n", 2, 11, "`Main` is not a name");
  expect_error(head + "storage: {node: {plugin: test.bare}}\n", 2, 11, "cannot be called `node`");
  expect_error(head + "storage: {main: test.bare}\n", 2, 11, "does not say which plugin it is");
  expect_error(head + "storage: {main: {}}\n", 2, 11, "does not say which plugin it is");
  expect_error(head + "a: {main: {plugin: test.bare}}\nb: {main: {plugin: test.bare}}\n", 3, 5,
               "exists already, in line 2");
}

TEST(Config, DuplicateKeysAreErrors) {
  expect_error(head + "a: {}\na: {}\n", 3, 1, "`a` is given twice, first in line 2");
  expect_error("node:\n  name: a\n  name: b\n", 3, 3, "`name` is given twice, first in line 2");
}

TEST(Config, AllErrorsAreToldAtOnceInTheOrderOfTheFile) {
  const auto errors = config_errors(
      "log: {format: xml}\n"
      "node: {name: A}\n"
      "a:\n"
      "  one: {plugin: test.nothing}\n"
      "  two: {plugin: test.options, prot: 1, cache: 1}\n"
      "  three: {plugin: test.recorder, first: onne, second: ${node.nam}}\n");
  std::vector<std::pair<int, int>> places;
  std::string all;
  for (const auto& error : errors) {
    places.emplace_back(error.line, error.column);
    all += error.text() + "\n";
  }
  const std::vector<std::pair<int, int>> expected = {{1, 15}, {2, 14}, {4, 17}, {5, 3},
                                                     {5, 31}, {5, 47}, {6, 41}, {6, 55}};
  EXPECT_EQ(places, expected) << all;
}

TEST(Config, WhatIsThrownIsAnErrorWithEveryLine) {
  try {
    make_node("node: {name: A, dta: x}\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_EQ(std::string(error.what()),
              "test.yaml:1:14: node.name `A` is not a name (use 1 to 64 of a-z, 0-9, '-', '_' and '.')\n"
              "test.yaml:1:17: unknown option `dta`, did you mean `data`?");
  }
}

std::string title(const std::string& text, const std::string& before = "") {
  auto node = make_node("node: {name: alice, data: /srv/alice/}\n" + before +
                        "x: {main: {plugin: test.options, title: " + text + "}}\n");
  const auto dump = node->find<Probe>("main")->dump();
  return dump.substr(6, dump.find('\n') - 6);
}

TEST(References, AreReplacedInAnyStyleOfScalar) {
  EXPECT_EQ(title("${node.data}/db"), "/srv/alice/db");
  EXPECT_EQ(title("'${node.data}/db'"), "/srv/alice/db");
  EXPECT_EQ(title("\"${node.name}-${node.name}\""), "alice-alice");
  EXPECT_EQ(title("${y.other.title}2", "y: {other: {plugin: test.options, title: t1}}\n"), "t12");
  EXPECT_EQ(title("$${node.name}"), "${node.name}");
  EXPECT_EQ(title("a$b$$c"), "a$b$$c");
}

TEST(References, ThatDoNotResolveAreErrors) {
  const std::string begin = "x: {main: {plugin: test.options, title: ";
  expect_error(head + begin + "a${node.nam}}}\n", 2, 41, "`${node.nam}` is not a value that stands earlier");
  expect_error(head + begin + "${node.nam}}}\n", 2, 41, "did you mean `node.name`?");
  expect_error(head + "x:\n  main:\n    title: ${x.main.plugin}\n    plugin: test.options\n", 4, 12,
               "earlier in the file");
  expect_error(head + "x:\n  main:\n    plugin: test.options\n    title: a${b\n", 5, 12, "no closing `}`");
  expect_error(head + begin + "a${}}}\n", 2, 41, "`${}` is not a value");
  expect_error(head + "x: {main: {plugin: \"${no}\"}}\n", 2, 20, "`${no}` is not a value");
  expect_error("node: {name: \"${no}\"}\n", 1, 14, "`${no}` is not a value");
}

TEST(References, ReadTheEnvironment) {
  ::setenv("DRAWBRIDGE_TEST_VALUE", "from outside", 1);
  ::unsetenv("DRAWBRIDGE_TEST_UNSET");
  EXPECT_EQ(title("${env:DRAWBRIDGE_TEST_VALUE}!"), "from outside!");
  ::setenv("DRAWBRIDGE_TEST_VALUE", "${node.name}", 1);
  EXPECT_EQ(title("${env:DRAWBRIDGE_TEST_VALUE}"), "${node.name}") << "a value is not read again";
  expect_error(head + "x: {main: {plugin: test.options, title: a${env:DRAWBRIDGE_TEST_UNSET}}}\n", 2, 41,
               "the environment variable `DRAWBRIDGE_TEST_UNSET` is not set");
}

TEST(Names, TheNearestIsFound) {
  const std::vector<std::string> known = {"path", "records", "storage.memory", "storage.rocksdb"};
  EXPECT_EQ(kernel::nearest("pth", known), "path");
  EXPECT_EQ(kernel::nearest("paht", known), "path");
  EXPECT_EQ(kernel::nearest("record", known), "records");
  EXPECT_EQ(kernel::nearest("memory", known), "storage.memory");
  EXPECT_EQ(kernel::nearest("quite_else", known), "");
  EXPECT_EQ(kernel::nearest("", known), "");
  EXPECT_EQ(kernel::nearest(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace drawbridge::test
