#include "kernel/cli/context.h"

#include <CLI/CLI.hpp>

namespace drawbridge::cli {

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example) {
  auto* command = parent.add_subcommand(name, purpose);
  command->fallthrough();
  command->option_defaults()->always_capture_default();
  command->footer("Example:\n  " + example + "\n\n--json, --home and what else all commands take: drawbridge --help");
  return command;
}

}  // namespace drawbridge::cli
