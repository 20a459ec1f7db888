// The life of a node: start order, stop order, unwinding, deadlines, the lock on its folder.
#include <unistd.h>

#include "fixture.h"

namespace drawbridge::test {
namespace {

class NodeLife : public testing::Test {
 protected:
  /// A recorder that writes into this test's file.
  std::string recorder(const std::string& name, const std::string& more = "") const {
    return "  " + name + ": {plugin: test.recorder, file: " + (dir_ / "log").string() +
           (more.empty() ? "" : ", " + more) + "}\n";
  }
  static std::string head(const std::string& more = "") {
    return "node: {name: alice, stop_timeout: 100ms" + more + "}\nx:\n";
  }
  std::string log() const { return support::read_text(dir_ / "log"); }

  support::TempDir dir_;
};

TEST_F(NodeLife, StartsInDependencyOrderAndStopsInReverse) {
  auto node = make_node(head() + recorder("a", "first: c") + recorder("b") + recorder("c", "first: d") + recorder("d"));
  node->start();
  EXPECT_EQ(log(), "start b\nstart d\nstart c\nstart a\n");
  node->stop();
  const std::string all = "start b\nstart d\nstart c\nstart a\nstop a\nstop c\nstop d\nstop b\n";
  EXPECT_EQ(log(), all);
  node->stop();
  node.reset();
  EXPECT_EQ(log(), all) << "stopping again does nothing";
}

TEST_F(NodeLife, IsStoppedByItsDestructor) {
  auto node = make_node(head() + recorder("a"));
  node->start();
  node.reset();
  EXPECT_EQ(log(), "start a\nstop a\n");
}

TEST_F(NodeLife, CheckingHasNoSideEffects) {
  make_node(head(", data: " + (dir_ / "data").string()) + recorder("a"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(NodeLife, StartsOnlyWhatIsAskedForAndWhatThatUses) {
  auto node = make_node(head() + recorder("a", "first: c") + recorder("b") + recorder("c"));
  node->start({"a"});
  EXPECT_EQ(log(), "start c\nstart a\n");
  EXPECT_EQ(node->status().size(), 2U);
  auto other = make_node(head() + recorder("abc"));
  expect_throws(Code::invalid, "no component is called `abd`, did you mean `abc`?", [&] { other->start({"abd"}); });
}

TEST_F(NodeLife, AFailedStartUnwindsInReverseAndIsNamed) {
  auto node = make_node(head() + recorder("a") + recorder("b") + recorder("c", "start: error") + recorder("d"));
  expect_throws(Code::unavailable, "component 'c': cannot start (do something else)", [&] { node->start(); });
  EXPECT_EQ(log(), "start a\nstart b\nstart c\nstop c\nstop b\nstop a\n");
  EXPECT_EQ(node->status().at(3).health.detail, "not started");
}

TEST_F(NodeLife, WhatIsNoErrorBecomesInternal) {
  auto coroutine = make_node(head() + recorder("a", "start: foreign"));
  expect_throws(Code::internal, "component 'a': not an Error", [&] { coroutine->start(); });
  auto function = make_node(head() + recorder("a", "start: plain"));
  expect_throws(Code::internal, "component 'a': a plain function threw", [&] { function->start(); });
}

TEST_F(NodeLife, AnErrorInStopDoesNotKeepTheOthers) {
  auto node = make_node(head() + recorder("a") + recorder("b", "stop: error") + recorder("c"));
  node->start();
  node->stop();
  EXPECT_EQ(log(), "start a\nstart b\nstart c\nstop c\nstop b\nstop a\n");
  EXPECT_FALSE(node->abandoned());
}

TEST_F(NodeLife, AComponentThatHangsInStopIsNamedAndGivenUpOn) {
  auto options = test_options();
  options.log_level.reset();
  const auto text = dir_ / "text";
  auto node = kernel::Node::from_text("log: {level: error, file: " + text.string() + "}\n" + head() + recorder("a") +
                                          recorder("b", "stop: hang") + recorder("c"),
                                      "test.yaml", options);
  node->start();
  node->stop();
  EXPECT_EQ(log(), "start a\nstart b\nstart c\nstop c\nstop b\nstop a\n");
  EXPECT_TRUE(node->abandoned());
  EXPECT_EQ(node->status().at(1).health.detail, "did not stop in time");
  const auto line = support::read_text(text);
  EXPECT_NE(line.find("error   node: component 'b' did not stop within"), std::string::npos) << line;
  node.reset();  // the coroutine that still sleeps is destroyed with it
}

TEST_F(NodeLife, AThreadThatDoesNotComeBackKeepsTheNode) {
  auto node = make_node(head() + recorder("a", "stop: block"));
  node->start();
  const auto probe = node->find<Probe>("a");
  node.reset();
  EXPECT_EQ(probe->host().name(), "a") << "nothing that the thread may use is gone";
  probe->release();
}

TEST_F(NodeLife, StartsOnce) {
  auto node = make_node(head());
  node->start();
  expect_throws(Code::internal, "a node starts once", [&] { node->start(); });
}

TEST_F(NodeLife, TellsHowItsComponentsFeel) {
  auto node = make_node(head() + recorder("a", "first: b") + recorder("b", "health: degraded") +
                        recorder("c", "health: throws"));
  EXPECT_EQ(node->status().at(0).health.detail, "not started");
  node->start();
  const auto status = node->find<Probe>("a")->host().status();
  ASSERT_EQ(status.size(), 3U);
  EXPECT_EQ(status[0].name, "b");
  EXPECT_EQ(status[0].plugin, "test.recorder");
  EXPECT_EQ(status[0].version, "1.2.3");
  EXPECT_EQ(status[0].health.state, Health::State::degraded);
  EXPECT_EQ(status[1].health.state, Health::State::ok);
  EXPECT_EQ(status[2].health.state, Health::State::failed);
  EXPECT_EQ(status[2].health.detail, "health is broken");
  node->stop();
  EXPECT_EQ(node->status().at(1).health.detail, "stopped");
}

TEST_F(NodeLife, FindsFacets) {
  auto node = make_node(head() + recorder("a") + "  b: {plugin: test.bare}\n");
  EXPECT_TRUE(node->find<Probe>("a"));
  EXPECT_FALSE(node->find<Probe>("b"));
  EXPECT_FALSE(node->find<Probe>("c"));
  EXPECT_TRUE(node->find<Component>("b"));
}

Task<int> forty_two() {
  co_return 42;
}
Task<> forbidden() {
  throw Error(Code::forbidden, "no");
  co_return;
}

TEST_F(NodeLife, WaitsForTasks) {
  auto node = make_node(head());
  expect_throws(Code::internal, "was not started", [&] { node->wait(forty_two()); });
  node->start();
  EXPECT_EQ(node->wait(forty_two()), 42);
  expect_throws(Code::forbidden, "no", [&] { node->wait(forbidden()); });
}

Task<int> wait_inside(kernel::Node& node) {
  co_return node.wait(forty_two());
}

TEST_F(NodeLife, RefusesToWaitForItself) {
  auto node = make_node(head());
  node->start();
  expect_throws(Code::internal, "would wait for itself", [&] { node->wait(wait_inside(*node)); });
}

TEST_F(NodeLife, LocksItsFolder) {
  const auto data = dir_ / "deep" / "data";
  auto first = make_node(head(", data: " + data.string()));
  auto second = make_node(head(", data: " + data.string()));
  auto third = make_node(head(", data: " + data.string()));
  first->start();
  EXPECT_EQ(std::filesystem::status(data).permissions(), std::filesystem::perms::owner_all);
  expect_throws(Code::conflict, "is in use by process " + std::to_string(::getpid()), [&] { second->start(); });
  first->stop();
  EXPECT_NO_THROW(third->start());
}

TEST_F(NodeLife, AFolderThatCannotBeUsedIsToldApart) {
  const auto file = dir_.write("file", "");
  auto node = make_node(head(", data: " + file.string()));
  expect_throws(Code::unavailable, "the data folder " + file.string() + " cannot be used: Not a directory",
                [&] { node->start(); });
}

TEST_F(NodeLife, AFailedStartGivesTheLockBack) {
  const auto data = ", data: " + (dir_ / "data").string();
  auto failing = make_node(head(data) + recorder("a", "start: error"));
  expect_throws(Code::unavailable, "cannot start", [&] { failing->start(); });
  auto next = make_node(head(data));
  EXPECT_NO_THROW(next->start());
}

TEST(NodeFiles, AFileThatIsMissingIsToldSo) {
  expect_throws(Code::not_found, "/nonexistent/node.yaml",
                [] { kernel::Node::from_file("/nonexistent/node.yaml", test_options()); });
}

}  // namespace
}  // namespace drawbridge::test
