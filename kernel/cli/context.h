#pragma once

#include <functional>
#include <string>

#include "kernel/cli/output.h"

namespace CLI {
class App;
}

namespace drawbridge::cli {

/// What every command works with: the global options, and the way to the terminal.
struct Context {
  std::string home;          ///< --home; empty: where `home_folder` finds one.
  std::string url;           ///< --url; empty: as node.yaml says.
  std::string api_key_file;  ///< --api-key-file; empty: the node's cookie.
  Output output;
  /// What the command line asks for; set while it is parsed, run afterwards. Returns the exit code, throws Error.
  std::function<int()> action;
};

/// A subcommand with its purpose in one line and an example of its use.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example);

/// Each adds the commands of one subject, in a file of that name.
void add_init(CLI::App& app, Context& context);
void add_node_commands(CLI::App& app, Context& context);
void add_identity_commands(CLI::App& app, Context& context);
void add_share(CLI::App& app, Context& context);
void add_get(CLI::App& app, Context& context);
void add_asset_commands(CLI::App& app, Context& context);
void add_proof(CLI::App& app, Context& context);
void add_key_commands(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_reload(CLI::App& app, Context& context);
void add_plugin_commands(CLI::App& app, Context& context);
void add_storage(CLI::App& app, Context& context);

}  // namespace drawbridge::cli
