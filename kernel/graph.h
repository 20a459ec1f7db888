#pragma once

#include <string>
#include <vector>

#include "kernel/problems.h"

namespace drawbridge::kernel {

/// A component as the graph sees it: a name, and what it uses.
struct GraphNode {
  struct Use {
    std::size_t target;
    Mark mark;  ///< Where the configuration says so.
  };
  std::string name;
  std::vector<Use> uses;
};

/// The order in which to start: what is used comes first, otherwise the order given. Every cycle that is found becomes
/// a problem which prints it ("a -> b -> a"), and the result is empty.
DRAWBRIDGE_API std::vector<std::size_t> start_order(const std::vector<GraphNode>& nodes, Problems& problems);

/// `wanted` and all that they use, directly or not, as a flag for each node.
DRAWBRIDGE_API std::vector<bool> with_dependencies(const std::vector<GraphNode>& nodes,
                                                   const std::vector<std::size_t>& wanted);

}  // namespace drawbridge::kernel
