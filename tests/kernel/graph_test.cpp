#include "kernel/graph.h"

#include "fixture.h"

namespace drawbridge::test {
namespace {

using kernel::GraphNode;

/// Nodes named a, b, c…; each text lists the targets of one.
std::vector<GraphNode> graph(const std::vector<std::string>& uses) {
  std::vector<GraphNode> nodes;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    nodes.push_back({std::string(1, static_cast<char>('a' + i)), {}});
    for (const char target : uses[i])
      nodes.back().uses.push_back({static_cast<std::size_t>(target - 'a'), {static_cast<int>(i) + 1, 1}});
  }
  return nodes;
}

std::string order(const std::vector<std::string>& uses) {
  kernel::Problems problems("x");
  std::string out;
  for (const auto index : kernel::start_order(graph(uses), problems)) out += static_cast<char>('a' + index);
  problems.raise();
  return out;
}

TEST(Graph, WhatIsUsedComesFirstAndTheRestKeepsItsOrder) {
  EXPECT_EQ(order({}), "");
  EXPECT_EQ(order({"", "", ""}), "abc");
  EXPECT_EQ(order({"c", "", ""}), "bca");
  EXPECT_EQ(order({"bc", "d", "d", ""}), "dbca");
  EXPECT_EQ(order({"bb", ""}), "ba");
}

TEST(Graph, EveryCycleIsPrinted) {
  expect_throws(Code::invalid, "x:1:1: components use each other in a cycle: a -> a", [] { order({"a"}); });
  expect_throws(Code::invalid, "x:2:1: components use each other in a cycle: a -> b -> a", [] {
    order({"b", "a", ""});
  });
  expect_throws(Code::invalid, "x:4:1: components use each other in a cycle: b -> c -> d -> b", [] {
    order({"b", "c", "d", "b"});
  });
  kernel::Problems problems("x");
  EXPECT_TRUE(kernel::start_order(graph({"b", "a", "d", "c"}), problems).empty());
  EXPECT_EQ(problems.errors().size(), 2U);
}

TEST(Graph, ALongChainDoesNotOverflowTheStack) {
  std::vector<GraphNode> nodes(200'000);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].uses.push_back({(i + 1) % nodes.size(), {}});
  kernel::Problems problems("x");
  EXPECT_TRUE(kernel::start_order(nodes, problems).empty());
  EXPECT_EQ(problems.errors().size(), 1U);
}

TEST(Graph, DependenciesAreFollowed) {
  const auto chosen = kernel::with_dependencies(graph({"b", "c", "", "a"}), {1});
  EXPECT_EQ(chosen, (std::vector<bool>{false, true, true, false}));
}

}  // namespace
}  // namespace drawbridge::test
