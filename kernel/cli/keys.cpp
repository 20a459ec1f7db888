// drawbridge keys, apikey, ledger: what the operator does with the running node.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>

#include "kernel/cli/home.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

constexpr Milliseconds long_patience{3'600'000};  // for what reads everything that a node has

/// The answer as JSON for --json; else a page or a table of it.
template <class Text>
int tell(const Context& context, const http::ClientResponse& answer, Text text) {
  if (context.output.json()) {
    context.output.print_json_text(answer.body);
  } else {
    text(http::parse_json(answer.body));
  }
  return 0;
}

int rotate(Context& context) {
  const auto answer = connect(context, Api::internal).post_text("/keys/rotate", "{}");
  return tell(context, answer, [&](const json::value& keys) {
    context.output.print_line(fmt::format("version {} is current; older versions still open what they sealed",
                                          field(keys, "current_version")));
  });
}

int list_versions(Context& context) {
  const auto answer = connect(context, Api::internal).get("/keys");
  return tell(context, answer, [&](const json::value& keys) {
    Table table{{"version", "created", ""}, {}, {0}};
    for (const auto& version : array_field(keys, "versions")) {
      table.rows.push_back(
          {field(version, "version"), field(version, "created"), flag_field(version, "current") ? "current" : ""});
    }
    context.output.print_table(table);
  });
}

int rewrap(Context& context) {
  const auto answer = connect(context, Api::internal, long_patience).post_text("/keys/rewrap", "{}");
  return tell(context, answer, [&](const json::value& done) {
    context.output.print_page(
        {{"sealed again", field(done, "records") + " secrets"}, {"now unused", list_field(done, "unused")}});
  });
}

struct ApiKeyOptions {
  std::string name;
  std::vector<std::string> scopes;
  std::string expires;
  std::string expires_at;
  std::string id;
};

int create_api_key(Context& context, const ApiKeyOptions& options) {
  json::object body{{"name", options.name}, {"scopes", json::array(options.scopes.begin(), options.scopes.end())}};
  if (const auto until = expiry(options.expires, options.expires_at)) body["expires_at"] = to_rfc3339(*until);
  const auto answer = connect(context, Api::internal).post("/apikeys", json::value(std::move(body)));
  return tell(context, answer, [&](const json::value& made) {
    context.output.print_page({{"API key", field(made, "key")},
                               {"", "told this once"},
                               {"id", field(made, "id")},
                               {"name", field(made, "name")},
                               {"scopes", list_field(made, "scopes")},
                               {"expires", field(made, "expires")}});
  });
}

int list_api_keys(Context& context) {
  const auto answer = connect(context, Api::internal).get("/apikeys");
  return tell(context, answer, [&](const json::value& keys) {
    Table table{{"id", "name", "scopes", "created", "expires"}, {}, {}};
    for (const auto& key : array_field(keys, "keys")) {
      table.rows.push_back({field(key, "id"), field(key, "name"), list_field(key, "scopes"), field(key, "created"),
                            field(key, "expires")});
    }
    context.output.print_table(table);
  });
}

int revoke_api_key(Context& context, const ApiKeyOptions& options) {
  const auto answer = connect(context, Api::internal).del("/apikeys/" + http::encode_component(options.id));
  return tell(context, answer,
              [&](const json::value&) { context.output.print_line("revoked " + printable(options.id)); });
}

int audit(Context& context) {
  const auto answer = connect(context, Api::internal, long_patience).post_text("/ledger/audit", "{}");
  return tell(context, answer, [&](const json::value& head) {
    context.output.print_line(
        fmt::format("{}: every entry was read, every hash computed anew", context.output.styled(Style::good, "sound")));
    context.output.print_page(
        {{"entries", field(head, "size")}, {"root", field(head, "root")}, {"log", field(head, "origin")}});
  });
}

CLI::App* add_action(CLI::App& parent, Context& context, const std::string& name, const std::string& purpose,
                     const std::string& example, std::function<int()> action) {
  auto* command = add_command(parent, name, purpose, example);
  command->callback([&context, action = std::move(action)] { context.action = action; });
  return command;
}

void add_api_keys(CLI::App& app, Context& context) {
  const auto options = std::make_shared<ApiKeyOptions>();
  auto* keys = add_command(app, "apikey", "Make, list and revoke API keys for the REST interfaces",
                           "drawbridge apikey create backup --scope read --expires 30d");
  keys->require_subcommand(1);
  auto* create = add_action(*keys, context, "create", "Make an API key; it is told once",
                            "drawbridge apikey create backup --scope read --scope share",
                            [&context, options] { return create_api_key(context, *options); });
  create->add_option("NAME", options->name, "What it is for: 1 to 64 of a-z, 0-9, '-', '_', '.'")
      ->required()
      ->type_name("");
  create
      ->add_option("--scope", options->scopes,
                   "read (open, list, prove), share (share, revoke) or admin (everything); may be given again")
      ->required()
      ->type_name("SCOPE")
      ->expected(1)
      ->take_all()
      ->default_str("");
  create->add_option("--expires", options->expires, "For how long it is good: 12h, 30d (default: no end)")
      ->type_name("DURATION");
  create->add_option("--expires-at", options->expires_at, "Until when, like 2026-04-14T10:30:00Z")->type_name("TIME");
  add_action(*keys, context, "list", "List the API keys, without their secrets", "drawbridge apikey list",
             [&context] { return list_api_keys(context); });
  auto* revoke = add_action(*keys, context, "revoke", "Revoke an API key at once", "drawbridge apikey revoke 5f0c31d2",
                            [&context, options] { return revoke_api_key(context, *options); });
  revoke->add_option("ID", options->id, "The key's id, as `apikey list` tells it")->required()->type_name("");
}

}  // namespace

void add_key_commands(CLI::App& app, Context& context) {
  auto* keys =
      add_command(app, "keys", "Rotate and list the versions of the node's master key", "drawbridge keys rotate");
  keys->require_subcommand(1);
  add_action(*keys, context, "rotate", "Make a new version current; older ones still open what they sealed",
             "drawbridge keys rotate", [&context] { return rotate(context); });
  add_action(*keys, context, "list", "List the versions", "drawbridge keys list",
             [&context] { return list_versions(context); });
  add_action(*keys, context, "rewrap", "Seal everything under the current version, so that older ones fall out of use",
             "drawbridge keys rewrap", [&context] { return rewrap(context); });
  add_api_keys(app, context);
  auto* ledger = add_command(app, "ledger", "Audit the ledger", "drawbridge ledger audit");
  ledger->require_subcommand(1);
  add_action(*ledger, context, "audit", "Read the whole ledger and compute every hash anew, up to the signed head",
             "drawbridge ledger audit", [&context] { return audit(context); });
}

}  // namespace drawbridge::cli
