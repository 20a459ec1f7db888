#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "kernel/loader.h"
#include "kernel/log.h"
#include "kernel/runtime.h"
#include "kernel/yaml.h"

namespace drawbridge::kernel {

/// What a part is made of.
struct PartConfig {
  std::string plugin;
  std::string name;                                        ///< As in logs and error messages.
  std::vector<Entry> options;                              ///< As a configuration would have them; marks are not used.
  std::map<std::string, std::shared_ptr<Component>> uses;  ///< By the option that refers to each.
  std::filesystem::path folder;                            ///< Where relative paths begin.
};

/// One component that runs without a configuration file. The same life as in a node: made with its options applied and
/// its references bound, started, stopped, destroyed.
class DRAWBRIDGE_API Part {
 public:
  ~Part();

  const std::string& name() const;
  const Plugin& plugin() const;
  ComponentStatus status() const;

  /// Starts the component, or throws what it threw with its name in front; it is stopped then. Once.
  Task<> start();
  /// Stops it. Does nothing when it was never started, or the second time.
  Task<> stop();

  template <class Facet>
  Facet* find() const {
    return dynamic_cast<Facet*>(component().get());
  }
  const std::shared_ptr<Component>& component() const;

 private:
  friend class Workbench;
  struct State;
  explicit Part(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A place for components that are loaded one by one, by a program that embeds Drawbridge. They share threads and a
/// log. It must outlive its parts, and whoever uses parts stops a user before what it uses.
///
///     Workbench bench({plugin_dir}, {});
///     auto store = bench.make({.plugin = "storage.memory", .name = "store"});   // throws invalid, not_found, …
///     co_await store->start();
///
/// Thread-safe.
class DRAWBRIDGE_API Workbench {
 public:
  Workbench(std::vector<std::filesystem::path> plugin_dirs, const LogConfig& log, unsigned io_threads,
            unsigned blocking_threads);
  ~Workbench();

  /// Loads the plugin, applies the options, binds the references. No side effect but a loaded library. Throws invalid
  /// with all that is wrong with the options, and what Loader::load throws.
  std::unique_ptr<Part> make(PartConfig config);

  Runtime& runtime();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge::kernel
