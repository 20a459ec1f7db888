#pragma once

#include <string>
#include <vector>

namespace drawbridge::cli {

/// What differs between the configurations of two new nodes. All of it must have been checked: it is written as it is.
struct NodePlan {
  std::string name;
  std::string api;                     ///< Where the external interface listens.
  std::string admin;                   ///< The internal one.
  std::string listen;                  ///< The transport.
  std::vector<std::string> addresses;  ///< What the card says of how peers reach the node.
};

/// The node.yaml of a new node: complete, with a comment where an operator may want to change something.
std::string node_yaml(const NodePlan& plan);

}  // namespace drawbridge::cli
