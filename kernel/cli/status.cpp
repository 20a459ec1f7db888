// drawbridge status: the running node on one page.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/value.hpp>

#include "kernel/cli/home.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

Style style_of(const std::string& state) {
  if (state == "ok") return Style::good;
  return state == "degraded" ? Style::warning : Style::bad;
}

void tell_components(const Output& output, const json::value& status) {
  Table table{{"component", "state", "plugin", "version", "detail"}, {}, {}};
  for (const auto& component : array_field(status, "components")) {
    table.rows.push_back({field(component, "name"), field(component, "state"), field(component, "plugin"),
                          field(component, "version"), field(component, "detail")});
  }
  const auto lines = format_table(table);
  output.print_line(output.styled(Style::bold, lines.front()));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& state = table.rows[i][1];
    output.print_line(state == "ok" ? lines[i + 1] : output.styled(style_of(state), lines[i + 1]));
  }
}

void tell_links(const Output& output, const json::value& status) {
  const auto links = array_field(status, "links");
  if (links.empty()) {
    output.print_line(output.styled(Style::dim, "no peers: add one by its card with `drawbridge peers add FILE`"));
    return;
  }
  Table table{{"peer", "link", "since", "address", "detail"}, {}, {}};
  for (const auto& link : links) {
    const auto in_use = field(link, "address");
    table.rows.push_back({field(link, "name"), flag_field(link, "connected") ? "connected" : "away",
                          field(link, "since"), in_use.empty() ? list_field(link, "addresses") : in_use,
                          field(link, "detail")});
  }
  output.print_table(table);
}

/// Nothing where the node does not say.
std::string pending_text(const json::value& node) {
  const auto pending = field(node, "pending");
  if (pending.empty()) return {};
  if (pending == "0") return "none";
  return fmt::format("{} for peers that are away; tried again until they are back", pending);
}

int status(Context& context) {
  const auto answer = connect(context, Api::internal).get("/status");
  const auto& output = context.output;
  if (output.json()) {
    output.print_json_text(answer.body);
    return 0;
  }
  const auto node = http::parse_json(answer.body);
  output.print_page(
      {{"node", fmt::format("{}, drawbridge {}", field(node, "name"), field(node, "version"))},
       {"id", field(node, "node_id")},
       {"up", human_time(Milliseconds(static_cast<std::int64_t>(number_field(node, "uptime_s")) * 1000))},
       {"ledger", fmt::format("{} entries, root {}", field(node, "ledger.size"), field(node, "ledger.root"))},
       {"keys", "version " + field(node, "keys.current_version")},
       {"deliveries", pending_text(node)}});
  output.print_line("");
  tell_components(output, node);
  output.print_line("");
  tell_links(output, node);
  return 0;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* command =
      add_command(app, "status", "Show the running node: components, links, ledger, keys", "drawbridge status");
  command->callback([&context] { context.action = [&context] { return status(context); }; });
}

}  // namespace drawbridge::cli
