#include "kernel/yaml.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

namespace drawbridge::kernel {
namespace {

constexpr std::size_t max_file_bytes = 1 << 20;
constexpr std::size_t max_values = 65'536;  // aliases of aliases would grow without end
constexpr int max_depth = 16;

// The braces of `${…}` end a plain scalar inside of a flow mapping. They travel through the YAML parser as two control
// characters of the same length, which YAML forbids in a file, so that places stay right.
constexpr char open_brace = '\x01';
constexpr char close_brace = '\x02';

std::string mask(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find("${", at)) != std::string::npos; at += 2) {
    const auto end = out.find_first_of("}\n", at + 2);
    if (end == std::string::npos || out[end] == '\n') continue;
    out[at + 1] = open_brace;
    out[end] = close_brace;
  }
  return out;
}

std::string unmask(std::string text) {
  std::replace(text.begin(), text.end(), open_brace, '{');
  std::replace(text.begin(), text.end(), close_brace, '}');
  return text;
}

Mark mark_of(const YAML::Mark& mark) {
  return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1};
}

/// Walks the parser's tree in the order of the file.
class Reader {
 public:
  Reader(std::filesystem::path folder, Problems& problems) : folder_(std::move(folder)), problems_(problems) {}

  Value read(const YAML::Node& node, const std::string& path, int depth = 0) {
    Value value;
    value.mark = mark_of(node.Mark());
    if (depth > max_depth || ++count_ > max_values) {
      if (!too_much_) problems_.add(value.mark, "the configuration is nested too deeply or too large");
      too_much_ = true;
      return value;
    }
    if (node.IsScalar()) {
      value.kind = Value::Kind::scalar;
      read_scalar(node.Scalar(), path, value);
    } else if (node.IsSequence()) {
      value.kind = Value::Kind::list;
      for (const auto& item : node) value.items.push_back(read(item, {}, depth + 1));
    } else if (node.IsMap()) {
      value.kind = Value::Kind::map;
      read_map(node, path, depth, value);
    }
    return value;
  }

 private:
  void read_map(const YAML::Node& node, const std::string& path, int depth, Value& value) {
    for (const auto& pair : node) {
      const auto mark = mark_of(pair.first.Mark());
      if (!pair.first.IsScalar()) {
        problems_.add(mark, "a key must be a plain name");
        continue;
      }
      auto key = unmask(pair.first.Scalar());
      const auto same = [&](const Entry& entry) { return entry.key == key; };
      const auto earlier = std::find_if(value.entries.begin(), value.entries.end(), same);
      if (earlier != value.entries.end()) {
        problems_.add(mark, fmt::format("`{}` is given twice, first in line {}", key, earlier->mark.line));
        continue;
      }
      auto inner = read(pair.second, path.empty() ? key : path + "." + key, depth + 1);
      value.entries.push_back({std::move(key), mark, std::move(inner)});
    }
  }

  void read_scalar(const std::string& masked, const std::string& path, Value& value) {
    value.text = expand(unmask(masked), value);
    if (path == "node.data" && !value.text.empty()) {
      value.text = (folder_ / value.text).lexically_normal().string();
      if (value.text.size() > 1 && value.text.ends_with('/')) value.text.pop_back();
    }
    if (!path.empty()) known_.insert_or_assign(path, value.text);
  }

  std::string expand(const std::string& text, Value& value) {
    std::string out;
    std::size_t at = 0;
    while (true) {
      const auto next = text.find("${", at);
      if (next == std::string::npos) return out.append(text, at);
      if (next > at && text[next - 1] == '$') {  // $${ stands for ${
        out.append(text, at, next - 1 - at).append("${");
        at = next + 2;
        continue;
      }
      out.append(text, at, next - at);
      const auto end = text.find('}', next);
      if (end == std::string::npos) {
        problems_.add(value.mark, "`${` has no closing `}`", "write `$${` for a literal `${`");
        value.broken = true;
        return out;
      }
      const auto found = lookup(text.substr(next + 2, end - next - 2), value.mark);
      value.broken = value.broken || !found;
      out += found.value_or("");
      at = end + 1;
    }
  }

  std::optional<std::string> lookup(const std::string& name, Mark mark) {
    if (name.starts_with("env:")) {
      const auto variable = name.substr(4);
      const char* found = variable.empty() ? nullptr : std::getenv(variable.c_str());
      if (found != nullptr) return found;
      problems_.add(mark, fmt::format("the environment variable `{}` is not set", variable),
                    fmt::format("export {}=… before starting", variable));
      return std::nullopt;
    }
    const auto found = known_.find(name);
    if (found != known_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [path, text] : known_) names.push_back(path);
    problems_.add(mark, fmt::format("`${{{}}}` is not a value that stands earlier in the file{}", name,
                                    did_you_mean(name, names)));
    return std::nullopt;
  }

  std::filesystem::path folder_;
  Problems& problems_;
  std::map<std::string, std::string> known_;
  std::size_t count_ = 0;
  bool too_much_ = false;
};

bool has_control_characters(std::string_view text, Problems& problems) {
  Mark mark{1, 1};
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') {
      problems.add(mark, fmt::format("the file contains the control character 0x{:02x}", static_cast<int>(c)));
      return true;
    }
    mark = c == '\n' ? Mark{mark.line + 1, 1} : Mark{mark.line, mark.column + 1};
  }
  return false;
}

}  // namespace

std::string_view kind_text(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::scalar:
      return "a single value";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
      return "a mapping";
    case Value::Kind::null:
      break;
  }
  return "nothing";
}

Value parse_yaml(std::string_view text, const std::filesystem::path& folder, Problems& problems) {
  if (text.size() > max_file_bytes) {
    problems.add({}, "the configuration is larger than 1 MiB");
    return {};
  }
  if (has_control_characters(text, problems)) return {};
  try {
    const auto documents = YAML::LoadAll(mask(text));
    if (documents.size() > 1) problems.add(mark_of(documents[1].Mark()), "the file has more than one YAML document");
    if (documents.empty()) return {};
    return Reader(folder, problems).read(documents.front(), {});
  } catch (const YAML::Exception& error) {
    problems.add(mark_of(error.mark), "not valid YAML: " + error.msg);
    return {};
  }
}

}  // namespace drawbridge::kernel
