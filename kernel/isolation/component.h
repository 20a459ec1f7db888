#pragma once

#include <memory>
#include <string>

#include "drawbridge/component.h"
#include "kernel/config.h"
#include "kernel/loader.h"

namespace drawbridge::kernel::isolation {

/// A component whose plugin runs in a process of its own; the plugin's library is never loaded here. It takes options
/// and references, offers the facets and lives as the plugin's own component would.
///
/// Throws Error: what the plugin throws when it is created or declares its options, unavailable when its process does
/// not get that far, unsupported for a plugin with facets or references that cannot cross.
std::shared_ptr<Component> make_isolated(const Plugin& plugin, const std::string& name, const std::string& node_name,
                                         const IsolationConfig& config);

}  // namespace drawbridge::kernel::isolation
