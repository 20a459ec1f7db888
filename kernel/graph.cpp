#include "kernel/graph.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace drawbridge::kernel {
namespace {

/// Depth first, with the path from the root kept on a stack of its own: a configuration may be long.
class CycleFinder {
 public:
  CycleFinder(const std::vector<GraphNode>& nodes, Problems& problems)
      : nodes_(nodes), problems_(problems), state_(nodes.size(), State::fresh) {}

  void run() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (state_[i] == State::fresh) walk(i);
    }
  }

 private:
  enum class State { fresh, open, done };
  struct Step {
    std::size_t node;
    std::size_t next_use;
  };

  void walk(std::size_t root) {
    enter(root);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next_use == nodes_[step.node].uses.size()) {
        state_[step.node] = State::done;
        path_.pop_back();
        continue;
      }
      const auto& use = nodes_[step.node].uses[step.next_use++];
      if (state_[use.target] == State::open) report(use);
      if (state_[use.target] == State::fresh) enter(use.target);
    }
  }

  void enter(std::size_t node) {
    state_[node] = State::open;
    path_.push_back({node, 0});
  }

  void report(const GraphNode::Use& closing) {
    auto at = std::find_if(path_.begin(), path_.end(), [&](const Step& step) { return step.node == closing.target; });
    std::vector<std::string> names;
    for (; at != path_.end(); ++at) names.push_back(nodes_[at->node].name);
    names.push_back(nodes_[closing.target].name);
    problems_.add(closing.mark, "components use each other in a cycle: " + joined(names, " -> "));
  }

  const std::vector<GraphNode>& nodes_;
  Problems& problems_;
  std::vector<State> state_;
  std::vector<Step> path_;
};

}  // namespace

std::vector<std::size_t> start_order(const std::vector<GraphNode>& nodes, Problems& problems) {
  std::vector<std::size_t> waiting(nodes.size());
  std::vector<std::vector<std::size_t>> users(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    waiting[i] = nodes[i].uses.size();
    for (const auto& use : nodes[i].uses) users[use.target].push_back(i);
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting[i] == 0) ready.push(i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const auto user : users[order.back()]) {
      if (--waiting[user] == 0) ready.push(user);
    }
  }
  if (order.size() == nodes.size()) return order;
  CycleFinder(nodes, problems).run();
  return {};
}

std::vector<bool> with_dependencies(const std::vector<GraphNode>& nodes, const std::vector<std::size_t>& wanted) {
  std::vector<bool> chosen(nodes.size());
  std::vector<std::size_t> open = wanted;
  while (!open.empty()) {
    const auto node = open.back();
    open.pop_back();
    if (chosen[node]) continue;
    chosen[node] = true;
    for (const auto& use : nodes[node].uses) open.push_back(use.target);
  }
  return chosen;
}

}  // namespace drawbridge::kernel
