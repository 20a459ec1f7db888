#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/log.h"
#include "kernel/yaml.h"

namespace drawbridge::kernel {

/// The `node:` section.
struct NodeConfig {
  std::string name;                   ///< 1 to 64 of a-z 0-9 - _ .
  std::string data;                   ///< Absolute; empty when the node keeps nothing on disk.
  Milliseconds stop_timeout{30'000};  ///< After which a component that does not stop is given up on.
  unsigned io_threads = 0;            ///< 0: one a core.
  unsigned blocking_threads = 8;
  unsigned blocking_queue = 1024;  ///< Calls that may wait for a blocking thread; beyond, they are refused as busy.
  bool watch = false;              ///< Reload when the file changes.

  Mark mark;                          ///< Of the section,
  std::map<std::string, Mark> marks;  ///< and of the values that are given.
};

/// The `log:` section.
struct LogConfig {
  bool json = false;
  Level level = Level::info;
  std::map<std::string, Level, std::less<>> levels;  ///< By component; `node` is the kernel itself.
  std::string file;                                  ///< Absolute; empty: standard error.
};

/// `isolate:` of a component: it runs in a process of its own.
struct IsolationConfig {
  Milliseconds call_timeout{30'000};  ///< For one call; then it fails, and a component that does not end it is killed.
  Milliseconds stop_timeout{10'000};  ///< For its stop.
  std::uint64_t memory = 1_GiB;       ///< Of its own, resident; 0: no bound.
  friend bool operator==(const IsolationConfig&, const IsolationConfig&) = default;
};

/// One component: an entry of any other section.
struct ComponentConfig {
  std::string name;
  std::string section;
  std::string plugin;
  Mark mark;
  Mark plugin_mark;
  std::vector<Entry> options;                ///< All but `plugin` and `isolate`.
  std::optional<IsolationConfig> isolate{};  ///< Nothing: it runs in the node's own process.
};

struct Config {
  std::string file;
  std::filesystem::path folder;  ///< Where relative paths begin: the folder of the file.
  NodeConfig node;
  LogConfig log;
  std::vector<ComponentConfig> components;  ///< In the order of the file. Names are unique, and not `node`.
};

/// Reads a configuration. Whatever is wrong becomes a problem, and the rest is still read, so that all errors of a file
/// can be told at once; with problems the result is good for nothing but finding more of them. `file` is only for
/// messages and for the folder that relative paths begin in; nothing is read from disk.
DRAWBRIDGE_API Config parse_config(std::string_view text, const std::string& file, Problems& problems);

/// 1 to 64 of a-z 0-9 - _ .
DRAWBRIDGE_API bool is_name(std::string_view name);

}  // namespace drawbridge::kernel
