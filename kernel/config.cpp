#include "kernel/config.h"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/options_binder.h"

namespace drawbridge::kernel {
namespace {

constexpr std::string_view kernel_name = "node";
const std::vector<std::string> level_names = {"trace", "debug", "info", "warning", "error", "off"};  // as in enum Level

std::optional<Level> level_of(std::string_view text) {
  const auto found = std::find(level_names.begin(), level_names.end(), text);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<Level>(found - level_names.begin());
}

void expect_name(std::string_view name, std::string_view what, Mark mark, Problems& problems) {
  if (is_name(name)) return;
  problems.add(mark, fmt::format("{} `{}` is not a name", what, name), "use 1 to 64 of a-z, 0-9, '-', '_' and '.'");
}

/// The entries of a section, which may be empty; null when it is something else.
const std::vector<Entry>* mapping(const Entry& entry, Problems& problems) {
  if (entry.value.kind == Value::Kind::map || entry.value.kind == Value::Kind::null) return &entry.value.entries;
  problems.add(entry.mark, fmt::format("`{}` must be a mapping, not {}", entry.key, kind_text(entry.value.kind)));
  return nullptr;
}

void read_node(const Entry& section, Config& config, Problems& problems) {
  const auto* entries = mapping(section, problems);
  if (entries == nullptr) return;
  auto& node = config.node;
  OptionsBinder options;
  options.required_text("name", node.name, "The node's name, in logs and for its peers.");
  options.path("data", node.data, "The folder of everything that the node keeps; one node at a time uses it.");
  options.duration("stop_timeout", node.stop_timeout, {Milliseconds(100), Milliseconds(3'600'000)},
                   "How long stopping may take before what does not stop is given up on.");
  options.number("io_threads", node.io_threads, {0U, 256U}, "I/O threads; 0 is one a core.");
  options.number("blocking_threads", node.blocking_threads, {1U, 256U}, "Threads for disk and bulk work.");
  options.number("blocking_queue", node.blocking_queue, {1U, 1'000'000U}, "Calls that may wait for such a thread.");
  options.flag("watch", node.watch, "Reload when this file changes.");
  options.apply(*entries, section.mark, config.folder, problems);
  node.mark = section.mark;
  for (const auto& entry : *entries) node.marks[entry.key] = entry.value.mark;
  if (node.name.empty()) return;
  for (const auto& entry : *entries) {
    if (entry.key == "name" && !entry.value.broken) expect_name(node.name, "node.name", entry.value.mark, problems);
  }
}

void read_levels(const Entry& entry, Config& config, Problems& problems) {
  const auto* levels = mapping(entry, problems);
  if (levels == nullptr) return;
  std::vector<std::string> known{std::string(kernel_name)};
  for (const auto& component : config.components) known.push_back(component.name);
  for (const auto& item : *levels) {
    if (std::find(known.begin(), known.end(), item.key) == known.end()) {
      problems.add(item.mark, fmt::format("no component is called `{}`{}", item.key, did_you_mean(item.key, known)));
    }
    const auto level = level_of(item.value.text);
    if (level) {
      config.log.levels[item.key] = *level;
    } else {
      problems.add(item.value.mark, fmt::format("'{}' is not one of {}", item.value.text, joined(level_names)));
    }
  }
}

/// Comes last, for it names components.
void read_log(const Entry& section, Config& config, Problems& problems) {
  const auto* entries = mapping(section, problems);
  if (entries == nullptr) return;
  std::vector<Entry> plain;
  for (const auto& entry : *entries) {
    if (entry.key == "levels") {
      read_levels(entry, config, problems);
    } else {
      plain.push_back(entry);
    }
  }
  std::string format = "text", level = "info", levels;
  OptionsBinder options;
  options.choice("format", format, {"text", "json"}, "One text line or one JSON object an event.");
  options.choice("level", level, level_names, "What is logged at all.");
  options.text("levels", levels, "Levels of single components, by name.");  // read above, declared to be suggested
  options.path("file", config.log.file, "A file to append to; standard error when left out.");
  options.apply(plain, section.mark, config.folder, problems);
  config.log.json = format == "json";
  config.log.level = level_of(level).value_or(Level::info);
}

/// `isolate: process`, or a mapping that says more.
std::optional<IsolationConfig> read_isolation(const Entry& entry, const Config& config, Problems& problems) {
  const auto& value = entry.value;
  if (value.broken || (value.kind == Value::Kind::scalar && value.text == "none")) return std::nullopt;
  IsolationConfig out;
  if (value.kind == Value::Kind::scalar && value.text == "process") return out;
  if (value.kind != Value::Kind::map) {
    problems.add(value.mark.line > 0 ? value.mark : entry.mark, "`isolate` must be `process`, `none` or a mapping",
                 "write `isolate: process`, or `isolate: {process: true, call_timeout: 30s, memory: 512MiB}`");
    return std::nullopt;
  }
  bool process = true;
  OptionsBinder options;
  options.flag("process", process, "Whether it runs in a process of its own.");
  options.duration("call_timeout", out.call_timeout, {Milliseconds(10), Milliseconds(3'600'000)},
                   "How long a call may take before it fails as unavailable.");
  options.duration("stop_timeout", out.stop_timeout, {Milliseconds(10), Milliseconds(3'600'000)},
                   "How long stopping may take before the process is killed.");
  options.size("memory", out.memory, {0, 1_TiB}, "How much memory it may have before it is killed; 0 is any.");
  options.apply(value.entries, entry.mark, config.folder, problems);
  constexpr std::uint64_t least = 16_MiB;  // with less, no process gets as far as its component
  if (out.memory != 0 && out.memory < least) {
    problems.add(entry.mark, fmt::format("`memory` must be 0 or at least {}", size_text(least)));
  }
  return process ? std::optional(out) : std::nullopt;
}

void read_component(const Entry& entry, const std::string& section, Config& config, Problems& problems) {
  expect_name(entry.key, "the component", entry.mark, problems);
  if (entry.key == kernel_name) problems.add(entry.mark, "a component cannot be called `node`");
  const auto same = [&](const ComponentConfig& other) { return other.name == entry.key; };
  const auto earlier = std::find_if(config.components.begin(), config.components.end(), same);
  if (earlier != config.components.end()) {
    problems.add(entry.mark,
                 fmt::format("the component `{}` exists already, in line {}", entry.key, earlier->mark.line),
                 "names are unique across sections");
    return;
  }
  bool broken = false;
  ComponentConfig component{entry.key, section, {}, entry.mark, entry.mark, {}, {}};
  if (entry.value.kind == Value::Kind::map) {
    for (const auto& option : entry.value.entries) {
      if (option.key == "isolate") component.isolate = read_isolation(option, config, problems);
      if (option.key != "plugin") {
        if (option.key != "isolate") component.options.push_back(option);
        continue;
      }
      component.plugin = option.value.text;
      component.plugin_mark = option.value.mark;
      broken = option.value.broken;
    }
  }
  if (component.plugin.empty() && !broken) {
    problems.add(entry.mark, fmt::format("the component `{}` does not say which plugin it is", entry.key),
                 fmt::format("write `{}: {{plugin: ID, …}}`", entry.key));
  }
  config.components.push_back(std::move(component));
}

}  // namespace

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Config parse_config(std::string_view text, const std::string& file, Problems& problems) {
  Config config;
  config.file = file;
  config.folder = std::filesystem::absolute(file).parent_path();
  const auto root = parse_yaml(text, config.folder, problems);
  if (root.kind != Value::Kind::map) {
    if (problems.empty()) {
      problems.add({1, 1}, fmt::format("a configuration is a mapping of sections, not {}", kind_text(root.kind)));
    }
    return config;
  }
  const Entry* log = nullptr;
  bool has_node = false;
  for (const auto& section : root.entries) {
    if (section.key == "log") {
      log = &section;
    } else if (section.key == kernel_name) {
      has_node = true;
      read_node(section, config, problems);
    } else if (const auto* components = mapping(section, problems); components != nullptr) {
      expect_name(section.key, "the section", section.mark, problems);
      for (const auto& entry : *components) read_component(entry, section.key, config, problems);
    }
  }
  if (!has_node) problems.add({1, 1}, "the section `node` is missing", "begin with `node: {name: …, data: ./data}`");
  if (log != nullptr) read_log(*log, config, problems);
  return config;
}

}  // namespace drawbridge::kernel
