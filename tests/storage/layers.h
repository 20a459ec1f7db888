#pragma once

#include <map>
#include <memory>
#include <string>

#include "fixture.h"

namespace drawbridge::storage_test {

/// A node whose `storage:` section has these lines, of which one is "main: …".
std::unique_ptr<kernel::Node> start_layers(const std::string& lines);
/// "name: {plugin: storage.ID, options}\n"
std::string component(const std::string& name, const std::string& id, const std::string& options = {});

/// Everything that a component of the node holds, but for notes of layers: keys of records under "r", ids of blobs
/// under "b".
std::map<std::string, Bytes> content_of(kernel::Node& node, const std::string& name);

/// A file that is there or not: what `only_while` looks at.
class Switch {
 public:
  explicit Switch(std::filesystem::path file) : file_(std::move(file)) {}
  void on() const;
  void off() const;
  /// "per_million: 1000000, only_while: …": a storage that is away while the switch is on.
  std::string outage() const;

 private:
  std::filesystem::path file_;
};

/// Waits until the component feels like that; fails the test when it never does.
void wait_for(kernel::Node& node, const std::string& name, Health::State state);
Health health_of(kernel::Node& node, const std::string& name);

}  // namespace drawbridge::storage_test
