#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "drawbridge/records.h"
#include "kernel/node.h"
#include "support/node.h"

namespace drawbridge::isolation_test {

/// A started node whose plugins include the bad ones, and whose log is a file.
class IsolatedNode {
 public:
  /// `yaml` goes behind the sections `node` and `log`.
  explicit IsolatedNode(const std::string& yaml, bool start = true);
  /// A node with one component `main` of test.bad; `options` begin with a comma.
  static std::string bad(const std::string& options = {}, const std::string& isolate = "process");

  kernel::Node& operator*() { return *node_; }
  kernel::Node* operator->() { return node_.get(); }
  /// What the storage `main` has under a key, or "(absent)".
  std::string get(const std::string& key);
  /// The error of that.
  Error error_of(const std::string& key);
  /// The same until it is there again.
  std::string get_again(const std::string& key);
  std::string log() const;
  ComponentStatus status();
  pid_t pid() { return std::stoi(get("pid")); }

 private:
  support::TempDir folder_;
  std::unique_ptr<kernel::Node> node_;
};

kernel::NodeOptions isolation_options();
/// The errors of a configuration, one a line.
std::string config_errors(const std::string& yaml);
/// Looks until it holds; false when it did not within a minute.
bool eventually(const std::function<bool()>& holds);
bool is_alive(pid_t pid);

}  // namespace drawbridge::isolation_test
