#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "kernel/config.h"
#include "kernel/graph.h"
#include "kernel/host.h"
#include "kernel/loader.h"
#include "kernel/options_binder.h"

namespace drawbridge::kernel {

/// A component and what the kernel knows of it. Shared, so that two assemblies may have it in common: a reload can keep
/// the instances that did not change.
struct Instance {
  enum class Stage { fresh, starting, running, stopping, stopped, abandoned };

  ComponentConfig config;
  Plugin plugin;
  OptionValues values;
  std::map<std::string, std::string> uses;  ///< The component's name, by the option that refers to it.
  std::shared_ptr<ComponentHost> host;      ///< From the start on; outlives the component. Its successor has it, too.
  std::shared_ptr<Component> component;     ///< Null when its plugin could not be loaded; then there are problems.
  std::atomic<Stage> stage{Stage::fresh};

  /// Thread-safe. A component that does not run is `failed`, with the stage as the detail.
  ComponentStatus status() const;
};

/// The components of one configuration, configured and bound to each other, but not started.
struct Assembly {
  std::vector<std::shared_ptr<Instance>> instances;  ///< In the order of the file.
  std::vector<GraphNode> graph;                      ///< The same indices.
  std::vector<std::size_t> order;                    ///< Start order; empty with problems.

  /// Null when there is none.
  std::shared_ptr<Instance> find(std::string_view name) const;
  bool contains(const std::shared_ptr<Instance>& instance) const;
};

/// Loads plugins, creates components, applies their options, binds their references, orders them: everything but start.
/// All that is wrong becomes problems.
///
/// With a `running` assembly, an instance of it is taken as it is where nothing has changed for it: its plugin, its
/// options with the content of their secrets, and all that it uses.
Assembly assemble(const Config& config, const Loader& loader, Problems& problems, const Assembly* running = nullptr);

}  // namespace drawbridge::kernel
