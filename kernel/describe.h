#pragma once

#include <string>
#include <vector>

#include "drawbridge/options.h"
#include "kernel/loader.h"

namespace drawbridge::kernel {

/// A plugin as its users see it: what `drawbridge describe` prints, and what the reference pages are made from.
struct PluginDescription {
  std::string id;
  std::string version;
  std::string summary;
  std::vector<OptionSpec> options;  ///< Without their functions.
};

/// Loads the plugin and asks a component of it for its options; nothing is started. Throws as Loader::load does, and
/// what the plugin throws.
DRAWBRIDGE_API PluginDescription describe(const Loader& loader, const std::string& id);

/// For a terminal; one JSON object; a section of Markdown with a table. The last two are stable formats.
DRAWBRIDGE_API std::string describe_text(const PluginDescription& plugin);
DRAWBRIDGE_API std::string describe_json(const PluginDescription& plugin);
DRAWBRIDGE_API std::string describe_markdown(const PluginDescription& plugin);

}  // namespace drawbridge::kernel
