// What a reload keeps and replaces, in which order, and that a failure changes nothing.
#include <fstream>
#include <future>
#include <thread>

#include "fixture.h"
#include "kernel/file_watch.h"

namespace drawbridge::test {
namespace {

using Names = std::vector<std::string>;

class Reload : public testing::Test {
 protected:
  std::string recorder(const std::string& name, const std::string& more = "") const {
    return "  " + name + ": {plugin: test.recorder, file: " + (dir_ / "log").string() +
           (more.empty() ? "" : ", " + more) + "}\n";
  }
  static std::string head(const std::string& more = "") {
    return "node: {name: alice, stop_timeout: 1s" + more + "}\nx:\n";
  }
  void start(const std::string& yaml) {
    node_ = make_node(yaml);
    node_->start();
    forget();
  }
  std::string log() const { return support::read_text(dir_ / "log"); }
  void forget() const { std::ofstream(dir_ / "log", std::ios::trunc); }
  void await_log(const std::string& expected) const {
    while (log().size() < expected.size()) std::this_thread::sleep_for(Milliseconds(1));
    EXPECT_EQ(log(), expected);
  }
  std::string state(const std::string& name) const {
    for (const auto& one : node_->status()) {
      if (one.name == name) return one.health.detail;
    }
    return "absent";
  }

  support::TempDir dir_;
  std::unique_ptr<kernel::Node> node_;
};

TEST_F(Reload, KeepsEverythingWhenNothingHasChanged) {
  start(head() + recorder("a", "first: b") + recorder("b"));
  const auto a = node_->find<Probe>("a");
  // Another order, a default that is written down, another way to write the same: all the same.
  const auto report = node_->reload(head() + recorder("b", "start: well") + recorder("a", "'first': 'b'"));
  EXPECT_EQ(report.kept, (Names{"b", "a"}));
  EXPECT_TRUE(report.replaced.empty() && report.added.empty() && report.removed.empty());
  EXPECT_EQ(node_->find<Probe>("a"), a);
  EXPECT_EQ(log(), "");
}

TEST_F(Reload, ReplacesWhatHasChangedAndAllThatUsesIt) {
  start(head() + recorder("a") + recorder("b", "first: a") + recorder("c", "first: b") + recorder("d"));
  const auto report = node_->reload(head() + recorder("a", "text: new") + recorder("b", "first: a") +
                                    recorder("c", "first: b") + recorder("d"));
  EXPECT_EQ(report.kept, (Names{"d"}));
  EXPECT_EQ(report.replaced, (Names{"a", "b", "c"}));
  await_log(
      "start a\nafter - came new in a\nstart b\nafter - came - in b\nstart c\nafter - came - in c\n"
      "stop c\nstop b\nstop a\n");
  EXPECT_EQ(node_->find<Probe>("b")->dump(), "a");
}

TEST_F(Reload, ComponentsComeAndGo) {
  start(head() + recorder("a") + recorder("b"));
  const auto report = node_->reload(head() + recorder("a") + recorder("c"));
  EXPECT_EQ(report.kept, (Names{"a"}));
  EXPECT_EQ(report.added, (Names{"c"}));
  EXPECT_EQ(report.removed, (Names{"b"}));
  await_log("start c\nstop b\n");
  EXPECT_FALSE(node_->find<Probe>("b"));
  node_->stop();
  EXPECT_EQ(log(), "start c\nstop b\nstop c\nstop a\n");
}

TEST_F(Reload, AReferenceThatLeadsElsewhereIsAChange) {
  start(head() + recorder("a", "first: b") + recorder("b") + recorder("c"));
  const auto report = node_->reload(head() + recorder("a", "first: c") + recorder("b") + recorder("c"));
  EXPECT_EQ(report.replaced, (Names{"a"}));
  EXPECT_EQ(node_->find<Probe>("a")->dump(), "c");
  // An optional reference that now finds something, too.
  const auto more =
      node_->reload(head() + recorder("a", "first: c") + recorder("b") + recorder("c") + recorder("second"));
  EXPECT_EQ(more.added, (Names{"second"}));
  EXPECT_EQ(more.replaced, (Names{"b", "c", "a"}));
}

TEST_F(Reload, AnotherPluginUnderTheNameIsAChangeWithoutAPredecessorOfTheClass) {
  start(head() + "  a: {plugin: test.bare}\n");
  const auto report = node_->reload(head() + recorder("a"));
  EXPECT_EQ(report.replaced, (Names{"a"}));
  EXPECT_EQ(log(), "start a\n");
}

TEST_F(Reload, TheContentOfASecretCounts) {
  const auto secret = dir_.write("secret", "one\n");
  const auto yaml = head() + recorder("a", "secret_file: " + secret.string());
  start(yaml);
  EXPECT_EQ(node_->reload(yaml).kept, (Names{"a"}));
  dir_.write("secret", "two\n");
  EXPECT_EQ(node_->reload(yaml).replaced, (Names{"a"}));
}

TEST_F(Reload, AFailureInTheMiddleOfTheStartUnwindsAndChangesNothing) {
  start(head() + recorder("a") + recorder("b", "first: a") + recorder("c"));
  const auto before = node_->find<Probe>("b");
  expect_throws(Code::unavailable, "component 'd': cannot start (do something else)", [&] {
    node_->reload(head() + recorder("a", "text: new") + recorder("b", "first: a") + recorder("d", "start: error"));
  });
  EXPECT_EQ(log(), "start a\nafter - came new in a\nstart b\nafter - came - in b\nstart d\nstop d\nstop b\nstop a\n");
  EXPECT_EQ(node_->find<Probe>("b"), before);
  EXPECT_FALSE(node_->find<Probe>("d"));
  EXPECT_EQ(state("a"), "ok");
  EXPECT_EQ(state("c"), "ok");
  EXPECT_EQ(before->host().predecessor(), nullptr);
  forget();
  EXPECT_EQ(node_->reload(head() + recorder("a") + recorder("b", "first: a") + recorder("c")).kept.size(), 3U);
  EXPECT_EQ(log(), "");
}

TEST_F(Reload, ABadConfigurationChangesNothingAndSaysEverything) {
  start(head() + recorder("a"));
  try {
    node_->reload("node: {name: alice}\nx:\n  a: {plugin: test.recorder, txt: new}\n  b: {plugin: test.recordr}\n");
    ADD_FAILURE() << "was reloaded";
  } catch (const kernel::ConfigErrors& errors) {
    ASSERT_EQ(errors.errors().size(), 2U) << errors.what();
    EXPECT_NE(errors.errors()[0].text().find("test.yaml:3:30: unknown option `txt`"), std::string::npos)
        << errors.what();
    EXPECT_EQ(errors.errors()[1].line, 4);
  }
  EXPECT_EQ(log(), "");
  EXPECT_EQ(state("a"), "ok");
}

TEST_F(Reload, WhatTakesARestartIsRefusedWithItsPlace) {
  start(head(", io_threads: 2") + recorder("a"));
  expect_throws(Code::invalid, "test.yaml:1:14: `node.name` cannot change while the node runs",
                [&] { node_->reload("node: {name: other, io_threads: 2}\nx:\n" + recorder("a")); });
  expect_throws(Code::invalid, "`node.io_threads` cannot change", [&] { node_->reload(head() + recorder("a")); });
  expect_throws(Code::invalid, "`node.data` cannot change",
                [&] { node_->reload(head(", io_threads: 2, data: " + dir_.string()) + recorder("a")); });
  EXPECT_EQ(node_->reload(head(", io_threads: 2, watch: true") + recorder("a")).kept, (Names{"a"}));
  EXPECT_TRUE(node_->watching());
}

TEST_F(Reload, AnErrorInAStopKeepsNothingFromStopping) {
  start(head() + recorder("a") + recorder("b", "stop: error, first: a"));
  node_->reload(head() + recorder("a", "text: new") + recorder("b", "first: a"));
  await_log("start a\nafter - came new in a\nstart b\nafter - came - in b\nstop b\nstop a\n");
  EXPECT_EQ(state("a"), "ok");
}

TEST_F(Reload, WhatTakesItsTimeToStopDoesNotHoldAnybodyUp) {
  start(head() + recorder("a", "stop: slow") + recorder("b"));
  const auto slow = node_->find<Probe>("a");
  node_->reload(head() + recorder("a", "text: new") + recorder("b"));
  await_log("start a\nafter - came new in a\nstop a\n");
  const auto report = node_->reload(head() + recorder("a", "text: newer") + recorder("b"));
  EXPECT_EQ(report.replaced, (Names{"a"}));
  slow->release();
  node_->stop();
  EXPECT_FALSE(node_->abandoned());
}

TEST_F(Reload, WhatNeverStopsIsGivenUpOnWithTheNode) {
  node_ = make_node("node: {name: alice, stop_timeout: 100ms}\nx:\n" + recorder("a", "stop: hang"));
  node_->start();
  node_->reload("node: {name: alice, stop_timeout: 100ms}\nx:\n" + recorder("a"));
  node_->stop();
  EXPECT_TRUE(node_->abandoned());
}

TEST_F(Reload, OneAtATime) {
  start(head() + recorder("a"));
  auto first = std::async(std::launch::async,
                          [&] { return node_->reload(head() + recorder("a", "start: slow")).replaced.size(); });
  while (log().empty()) std::this_thread::sleep_for(Milliseconds(1));
  expect_throws(Code::busy, "a reload is under way", [&] { node_->reload(head() + recorder("a")); });
  EXPECT_EQ(state("a"), "ok") << "the old one goes on meanwhile";
  dir_.write("log.go", "");
  EXPECT_EQ(first.get(), 1U);
}

TEST_F(Reload, OnlyANodeThatRunsIsReloaded) {
  node_ = make_node(head() + recorder("a"));
  expect_throws(Code::unavailable, "the node starts or stops", [&] { node_->reload(head()); });
  node_->start();
  expect_throws(Code::unsupported, "is not in a file", [&] { node_->reload(); });
  node_->stop();
  expect_throws(Code::unavailable, "the node starts or stops", [&] { node_->reload(head()); });
  auto part = make_node(head() + recorder("a") + recorder("b"));
  part->start({"a"});
  expect_throws(Code::unsupported, "only some of its components", [&] { part->reload(head() + recorder("a")); });
}

TEST_F(Reload, AComponentCanAskForIt) {
  const auto file = dir_.write("node.yaml", head() + recorder("a") + recorder("b"));
  node_ = kernel::Node::from_file(file, test_options());
  node_->start();
  forget();
  auto* host = &node_->find<Probe>("a")->host();
  dir_.write("node.yaml", head() + recorder("a", "text: new") + recorder("b"));
  for (int i = 0; i < 3; ++i) {
    const auto report = node_->wait(host->reload());
    EXPECT_EQ(report.replaced, i == 0 ? Names{"a"} : Names{});
  }
  dir_.write("node.yaml", "node: [");
  expect_throws(Code::invalid, "node.yaml:1:", [&] { node_->wait(host->reload()); });
  EXPECT_EQ(&node_->find<Probe>("a")->host(), host) << "a successor has the host of its predecessor";
}

TEST_F(Reload, LevelsAndTheFileOfTheLogChangeWithoutReplacingAnything) {
  auto options = test_options();
  options.log_level.reset();
  const auto yaml = [&](const std::string& level, const std::string& file) {
    return "log: {level: " + level + ", file: " + (dir_ / file).string() + ", levels: {a: error}}\n" + head() +
           recorder("a") + recorder("b");
  };
  node_ = kernel::Node::from_text(yaml("error", "one"), "test.yaml", options);
  node_->start();
  auto& log = node_->find<Probe>("b")->host().log();
  log.info("not told");
  EXPECT_EQ(node_->reload(yaml("info", "two")).kept.size(), 2U);
  log.info("told");
  node_->find<Probe>("a")->host().log().info("never told");
  EXPECT_EQ(support::read_text(dir_ / "one"), "");
  const auto two = support::read_text(dir_ / "two");
  EXPECT_NE(two.find("b: told"), std::string::npos) << two;
  EXPECT_EQ(two.find("never"), std::string::npos) << two;
  expect_throws(Code::unavailable, "cannot open the log", [&] { node_->reload(yaml("info", "one/three")); });
  log.info("told again");
  EXPECT_NE(support::read_text(dir_ / "two").find("told again"), std::string::npos);
}

TEST_F(Reload, NothingIsLeftOfManyGenerations) {
  start(head() + recorder("a") + recorder("b", "first: a"));
  std::weak_ptr<Probe> old = node_->find<Probe>("a");
  for (int i = 0; i < 50; ++i) {
    node_->reload(head() + recorder("a", "text: t" + std::to_string(i)) + recorder("b", "first: a"));
  }
  while (!old.expired()) std::this_thread::sleep_for(Milliseconds(1));
  old = node_->find<Probe>("a");
  EXPECT_FALSE(old.expired());
}

TEST_F(Reload, AWatchTellsEachSettledChangeOnce) {
  const auto file = dir_.write("watched", "1");
  kernel::FileWatch watch(file);
  EXPECT_FALSE(watch.changed());
  dir_.write("watched", "22");
  EXPECT_FALSE(watch.changed()) << "it may still be written";
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  std::filesystem::remove(file);
  EXPECT_FALSE(watch.changed());
  EXPECT_FALSE(watch.changed());
  dir_.write("next", "333");
  std::filesystem::rename(dir_ / "next", file);
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed()) << "replaced by another file, as editors do";
}

}  // namespace
}  // namespace drawbridge::test
