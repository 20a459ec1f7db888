#include "kernel/verify/config_text.h"

#include <fmt/core.h>

#include <sstream>

#include "kernel/yaml.h"

namespace drawbridge::verify {
namespace {

using kernel::Entry;
using kernel::Problems;
using Kind = kernel::Value::Kind;

/// Whether a section of another name begins in this line, or any.
bool begins_section(const std::string& line) {
  return !line.empty() && line.front() != ' ' && line.front() != '\t' && line.front() != '#';
}

/// Blanks the lines of a section and returns them at the same numbers.
std::vector<std::string> cut(std::vector<std::string>& lines, const std::string& section, std::size_t& begin) {
  std::vector<std::string> out(lines.size());
  begin = lines.size();
  bool inside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (begins_section(lines[i])) inside = lines[i].starts_with(section + ":");
    if (!inside) continue;
    begin = std::min(begin, i);
    std::swap(out[i], lines[i]);
  }
  return out;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

void read_differences(const Entry& entry, std::vector<Difference>& out, Problems& problems) {
  if (entry.value.kind != Kind::map) {
    problems.add(entry.mark, "`differences` must be a mapping of cases to reasons");
    return;
  }
  for (const auto& difference : entry.value.entries) {
    if (difference.value.kind == Kind::scalar && !difference.value.text.empty()) {
      out.push_back({difference.key, difference.value.text});
    } else {
      problems.add(difference.mark, fmt::format("the difference `{}` has no reason", difference.key));
    }
  }
}

}  // namespace

ConfigText::ConfigText(std::string text, std::string file) : file_(std::move(file)) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines_.push_back(line);
  std::size_t verify_line = 0;
  read_section(joined_lines(cut(lines_, "verify", verify_line)));
  cut(lines_, "node", node_line_);
}

void ConfigText::read_section(const std::string& text) {
  Problems problems(file_);
  const auto root = kernel::parse_yaml(text, std::filesystem::absolute(file_).parent_path(), problems);
  for (const auto& section : root.entries) {
    if (section.value.kind != Kind::map) problems.add(section.mark, "`verify` must be a mapping");
    for (const auto& entry : section.value.entries) {
      if (entry.key == "component") {
        component_ = entry.value.text;
      } else if (entry.key == "differences") {
        read_differences(entry, differences_, problems);
      } else {
        const std::vector<std::string> known{"component", "differences"};
        problems.add(entry.mark,
                     fmt::format("unknown option `{}`{}", entry.key, kernel::did_you_mean(entry.key, known)),
                     "known options: component, differences");
      }
    }
  }
  problems.raise();
}

std::string ConfigText::for_node(const std::string& name, const std::filesystem::path& data) const {
  auto lines = lines_;
  if (node_line_ < lines.size())
    lines[node_line_] = fmt::format("node: {{name: {}, data: \"{}\"}}", name, data.string());
  return joined_lines(lines);
}

}  // namespace drawbridge::verify
