#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "kernel/node.h"

namespace drawbridge::support {

/// A folder that is gone with everything in it when the object is.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string string() const { return path_.string(); }
  std::filesystem::path operator/(const std::filesystem::path& inner) const { return path_ / inner; }

  /// Writes a small file and returns its path. Secrets need the default mode.
  std::filesystem::path write(const std::string& name, const std::string& content, unsigned mode = 0600) const;

 private:
  std::filesystem::path path_;
};

/// The options of a node under test: this build's plugins, and no log unless DRAWBRIDGE_TEST_LOG is a level ("debug").
kernel::NodeOptions node_options();

/// A started node. Messages call the configuration "test.yaml".
std::unique_ptr<kernel::Node> start_node(std::string yaml);

/// The whole of a file; fails the test when it cannot be read.
std::string read_text(const std::filesystem::path& file);

}  // namespace drawbridge::support
