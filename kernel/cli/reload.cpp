// drawbridge reload: the running node reads its configuration again.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/value.hpp>
#include <regex>
#include <sstream>

#include "kernel/cli/home.h"
#include "kernel/cli/text.h"
#include "kernel/problems.h"

namespace drawbridge::cli {
namespace {

/// When the file says another address than the one at which the node still listens, nobody answers there.
http::Client connect_to_reload(const Context& context) {
  try {
    return connect(context, Api::internal);
  } catch (const Error& error) {
    if (error.code() != Code::unavailable || !context.url.empty()) throw;
    throw Error(error.code(), error.what(),
                error.hint() +
                    ". If it runs, and `listen` of its internal interface is what you have changed, name the "
                    "old address by `--url`, or send SIGHUP to the node");
  }
}

/// What is wrong with the configuration came as lines of "FILE:LINE:COLUMN: MESSAGE". Throws it as `check` does.
[[noreturn]] void throw_places(const Error& error) {
  static const std::regex place(R"(^(.*?):(\d{1,7}):(\d{1,7}): (.*)$)");
  std::vector<kernel::ConfigError> errors;
  std::istringstream lines(error.what());
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, place)) throw Error(error);
    errors.push_back({found[1], std::stoi(found[2]), std::stoi(found[3]), found[4], {}});
  }
  throw kernel::ConfigErrors(std::move(errors));
}

http::ClientResponse ask(Context& context) {
  auto client = connect_to_reload(context);
  try {
    return client.post_text("/admin/reload", "{}");
  } catch (const Error& error) {
    if (error.code() != Code::invalid) throw;
    throw_places(error);
  }
}

int reload(Context& context) {
  const auto answer = ask(context);
  const auto& output = context.output;
  if (output.json()) {
    output.print_json_text(answer.body);
    return 0;
  }
  const auto report = http::parse_json(answer.body);
  Output::Page lines;
  std::size_t changes = 0;
  for (const std::string name : {"replaced", "added", "removed"}) {
    changes += array_field(report, name).size();
    if (!list_field(report, name).empty()) lines.emplace_back(name, list_field(report, name));
  }
  if (!list_field(report, "kept").empty()) lines.emplace_back("kept", list_field(report, "kept"));
  output.print_line(fmt::format("{}: {}", output.styled(Style::good, "reloaded"),
                                changes == 0 ? "every component goes on as it was" : "without a break"));
  output.print_page(lines);
  return 0;
}

}  // namespace

void add_reload(CLI::App& app, Context& context) {
  auto* command = add_command(app, "reload", "Let the running node change over to its configuration as it is now",
                              "drawbridge check && drawbridge reload");
  command->footer(
      command->get_footer() +
      "\n\nWhat has not changed goes on and keeps its connections; the rest is started anew beside the old and takes\n"
      "over while requests are served. When anything is wrong, nothing changes, every error is told with its place,\n"
      "and the exit code is not 0. Log levels change at once. SIGHUP does the same, and `node: {watch: true}` does it\n"
      "whenever the file changes. Names, folders and threads of `node:`, and libraries that are loaded, take a "
      "restart.");
  command->callback([&context] { context.action = [&context] { return reload(context); }; });
}

}  // namespace drawbridge::cli
