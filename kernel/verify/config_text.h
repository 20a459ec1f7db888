#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "drawbridge/differences.h"

namespace drawbridge::verify {

/// A configuration for verifying: a node's, with one more section.
///
///     node: {name: any}
///     storage:
///       mine: {plugin: storage.mine, path: ${node.data}/db}
///     verify:
///       component: mine              # only needed when several are of the plugin under test
///       differences:
///         records.SurvivesARestart: it is a cache
class ConfigText {
 public:
  /// `file` is for messages, and relative paths begin in its folder. Throws ConfigErrors.
  ConfigText(std::string text, std::string file);

  /// Node configuration of a node of this name with this data folder: what the file's own section `node` says is
  /// replaced, the section `verify` is left out, and no line changes its number.
  std::string for_node(const std::string& name, const std::filesystem::path& data) const;

  const std::string& file() const { return file_; }
  const std::string& component() const { return component_; }  ///< Empty: not said.
  const std::vector<Difference>& differences() const { return differences_; }

 private:
  void read_section(const std::string& text);

  std::string file_;
  std::vector<std::string> lines_;
  std::size_t node_line_;  ///< Where the node section was; the number of lines when there is none.
  std::string component_;
  std::vector<Difference> differences_;
};

}  // namespace drawbridge::verify
