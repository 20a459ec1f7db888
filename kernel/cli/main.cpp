// drawbridge: the command line program. Every command is in the file of its subject; here is what they share.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>

#include "drawbridge/plugin.h"
#include "kernel/cli/context.h"
#include "kernel/cli/exit_codes.h"
#include "kernel/problems.h"

namespace drawbridge::cli {

namespace {

void add_global_options(CLI::App& app, Context& context, bool& json) {
  app.add_option("--home", context.home,
                 "The node's home (default: this folder if it has a node.yaml, else ~/.drawbridge)")
      ->type_name("DIR")
      ->envname("DRAWBRIDGE_HOME");
  app.add_flag("--json", json, "Print the result, or the error, as JSON on standard output");
  app.add_option("--url", context.url,
                 "The node to ask, in place of the one in the home: its external interface, for keys, "
                 "peers and status its internal one")
      ->type_name("http://HOST:PORT");
  app.add_option("--api-key-file", context.api_key_file,
                 "File with the API key to use, in place of the node's own cookie")
      ->type_name("FILE");
  app.set_version_flag("--version", "drawbridge " DRAWBRIDGE_VERSION);
}

void add_commands(CLI::App& app, Context& context) {
  add_init(app, context);
  add_node_commands(app, context);
  add_identity_commands(app, context);
  add_share(app, context);
  add_get(app, context);
  add_asset_commands(app, context);
  add_proof(app, context);
  add_key_commands(app, context);
  add_status(app, context);
  add_reload(app, context);
  add_plugin_commands(app, context);
  add_storage(app, context);
  app.require_subcommand(1);
  app.footer(
      "Plugins are looked for in DRAWBRIDGE_PLUGINS (folders separated by colons), else beside this program.\n"
      "NO_COLOR switches colours off.\n\n" +
      exit_code_table() + "\nStart with:\n  drawbridge init ~/alice --name alice\n  drawbridge COMMAND --help");
}

/// What CLI11 says, in the voice of the other messages.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty() && !app.remaining().empty()) {
    const auto unknown = app.remaining().front();
    std::vector<std::string> known;
    for (const auto* command : app.get_subcommands({})) known.push_back(command->get_name());
    return {Code::invalid, fmt::format("unknown command `{}`{}", unknown, kernel::did_you_mean(unknown, known)),
            "`drawbridge --help` lists the commands"};
  }
  std::string command = "drawbridge";
  for (auto at = chosen; !at.empty(); at = at.front()->get_subcommands()) command += " " + at.front()->get_name();
  std::string message = error.what();
  const bool is_word =
      message.size() > 1 && (message[1] == ' ' || std::islower(static_cast<unsigned char>(message[1])) != 0);
  if (is_word) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  return {Code::invalid, message, fmt::format("`{} --help` shows how", command)};
}

int run(int argc, char** argv) {
  CLI::App app("Drawbridge: share data that is encrypted before it leaves, with a proof of every step.", "drawbridge");
  Context context;
  bool json = false;
  for (int i = 1; i < argc; ++i)
    json |= std::strcmp(argv[i], "--json") == 0;  // a wrong command line is told as JSON, too
  context.output.use_json(json);
  add_global_options(app, context, json);
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return context.output.fail(usage_error(app, error));
  }
  try {
    return context.action();
  } catch (const Error& error) {
    if (error.code() != Code::unauthenticated) return context.output.fail(error);
    return context.output.fail({error.code(), error.what(), "name the file with the right key by --api-key-file"});
  } catch (const std::filesystem::filesystem_error& error) {
    return context.output.fail({Code::unavailable, error.what()});
  } catch (const std::exception& error) {
    return context.output.fail({Code::internal, error.what()});
  }
}

}  // namespace
}  // namespace drawbridge::cli

int main(int argc, char** argv) {
  return drawbridge::cli::run(argc, argv);
}
