// drawbridge list, verify, revoke, export: assets, one request each.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <memory>

#include "kernel/cli/exit_codes.h"
#include "kernel/cli/home.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t page_limit = 1000;

struct ListOptions {
  std::string from;
  std::string to;
  std::string recipient;
  std::string role;
  std::size_t limit = 100;
};

std::string path_of(const std::string& hash) {
  return "/data/" + http::encode_component(hash);
}

std::string query_of(const ListOptions& options) {
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += fmt::format("&{}={}", name, http::encode_component(value));
  };
  if (!options.from.empty()) add("from", to_rfc3339(time_argument(options.from, "--from")));
  if (!options.to.empty()) add("to", to_rfc3339(time_argument(options.to, "--to")));
  add("recipient", options.recipient);
  add("role", options.role);
  return query;
}

/// As many pages as it takes.
json::object fetch_list(http::Client& client, const ListOptions& options) {
  const auto query = query_of(options);
  json::array items;
  std::string cursor;
  do {
    const auto limit = std::min(page_limit, options.limit - items.size());
    auto target = fmt::format("/data/list?limit={}{}", limit, query);
    if (!cursor.empty()) target += "&cursor=" + http::encode_component(cursor);
    const auto page = http::parse_json(client.get(target).body);
    for (auto& item : array_field(page, "items")) items.push_back(std::move(item));
    cursor = field(page, "cursor");
  } while (!cursor.empty() && items.size() < options.limit);
  json::object out{{"items", std::move(items)}};
  if (!cursor.empty()) out["cursor"] = cursor;
  return out;
}

/// What to call the nodes in a table: the names of the peers, by id. Nothing is said when they cannot be had: ids do as
/// well.
std::map<std::string, std::string> peer_names(http::Client& client) {
  std::map<std::string, std::string> names;
  const auto answer = client.exchange({.target = "/network/peers"});
  if (answer.status != 200) return names;
  for (const auto& peer : array_field(http::parse_json(answer.body), "peers"))
    names[field(peer, "node_id")] = field(peer, "name");
  return names;
}

class Rows {
 public:
  explicit Rows(std::map<std::string, std::string> names) : names_(std::move(names)) {}

  std::vector<std::string> row(const json::value& item) const {
    const bool own = field(item, "role") == "owner";
    std::string recipients;
    for (const auto& one : array_field(item, "recipients"))
      recipients += (recipients.empty() ? "" : ", ") + name_of(field(one, ""));
    const auto size = number_field(item, "size");
    return {field(item, "timestamp"),
            own ? "to " + recipients : "from " + name_of(field(item, "sender")),
            field(item, "name"),
            size == 0 && !own ? "-" : human_size(size),  // not known before it was opened
            field(item, "state"),
            field(item, "delivery"),
            field(item, "expires_at"),
            field(item, "data_hash")};
  }

 private:
  /// A name, or enough of the id to know it by.
  std::string name_of(const std::string& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? id.substr(0, 13) : found->second;
  }

  std::map<std::string, std::string> names_;
};

int list(Context& context, const ListOptions& options) {
  if (options.limit == 0) throw Error(Code::invalid, "--limit: must be at least 1");
  query_of(options);  // a wrong time is told before the node is looked for
  auto client = connect(context, Api::external);
  const auto found = fetch_list(client, options);
  if (context.output.json()) {
    context.output.print_json(found);
    return 0;
  }
  Table table{{"shared", "with", "name", "size", "state", "delivery", "expires", "hash"}, {}, {3}};
  const Rows rows(peer_names(client));
  for (const auto& item : found.at("items").as_array()) table.rows.push_back(rows.row(item));
  if (table.rows.empty()) {
    context.output.remark("nothing was shared or received");
    return 0;
  }
  context.output.print_table(table);
  if (found.contains("cursor"))
    context.output.remark(fmt::format("these are the newest {}; there are more: --limit", table.rows.size()));
  return 0;
}

int verify(Context& context, const std::string& hash, bool deep) {
  auto client = connect(context, Api::external);
  const auto answer =
      http::parse_json(client.get("/verify_data/" + http::encode_component(hash) + (deep ? "?deep=true" : "")).body);
  const bool verified = flag_field(answer, "verified");
  const auto& output = context.output;
  const int result = verified ? 0 : exit_code(Code::corrupt);
  if (output.json()) {
    output.print_json(answer);
    return result;
  }
  if (!verified) {
    const auto reason = field(answer, "reason");
    return output.fail(
        {Code::corrupt, "not verified: " + (reason.empty() ? std::string("the node does not say why") : reason)});
  }
  output.print_line(fmt::format("{}: the event is in the ledger that the node signed{}",
                                output.styled(Style::good, "verified"),
                                deep ? ", and the stored envelope is whole" : ""));
  output.print_page({{"asset", field(answer, "data_hash")},
                     {"event", field(answer, "event.type") + ", entry " + field(answer, "event.index")},
                     {"time", field(answer, "event.timestamp")},
                     {"tx hash", field(answer, "event.tx_hash")},
                     {"commitment", field(answer, "event.commitment")}});
  return 0;
}

int revoke(Context& context, const std::string& hash, const std::string& recipient) {
  auto client = connect(context, Api::external);
  const auto query = recipient.empty() ? std::string() : "?recipient=" + http::encode_component(recipient);
  const auto answer = client.del(path_of(hash) + query);
  if (context.output.json()) {
    context.output.print_json_text(answer.body);
  } else {
    context.output.print_line(fmt::format("revoked {} for {}; what was opened before cannot be taken back",
                                          printable(hash), recipient.empty() ? "everybody" : printable(recipient)));
  }
  return 0;
}

int export_chunk(Context& context, const std::string& hash, std::uint64_t chunk) {
  auto client = connect(context, Api::external);
  const auto answer = client.get(fmt::format("{}/chunks/{}", path_of(hash), chunk));
  if (context.output.json()) {
    context.output.print_json_text(answer.body);
    return 0;
  }
  const auto exported = http::parse_json(answer.body);
  context.output.print_page(
      {{"chunk", field(exported, "index") + " of " + field(exported, "count") + " (counted from 0)"},
       {"format", field(exported, "format")},
       {"key", field(exported, "key")},
       {"token", field(exported, "token")}});
  return 0;
}

void add_list(CLI::App& app, Context& context) {
  const auto options = std::make_shared<ListOptions>();
  auto* command = add_command(app, "list", "List what was shared and received, newest first",
                              "drawbridge list --role grantee --from 2026-04-01");
  command->add_option("--from", options->from, "Only from this day or time on")->type_name("TIME");
  command->add_option("--to", options->to, "Only before this day or time")->type_name("TIME");
  command->add_option("--recipient", options->recipient, "Only what was shared with this peer")->type_name("PEER");
  command->add_option("--role", options->role, "Only what this node shared (owner) or received (grantee)")
      ->type_name("ROLE");
  command->add_option("--limit", options->limit, "At most this many")->type_name("N");
  command->callback([&context, options] { context.action = [&context, options] { return list(context, *options); }; });
}

}  // namespace

void add_asset_commands(CLI::App& app, Context& context) {
  add_list(app, context);
  const auto hash = std::make_shared<std::string>();
  const auto recipient = std::make_shared<std::string>();
  const auto deep = std::make_shared<bool>(false);
  const auto chunk = std::make_shared<std::uint64_t>(0);
  const auto with_hash = [&](CLI::App* command) {
    command->add_option("HASH", *hash, "The asset: sha256:… as `share` and `list` tell it")->required()->type_name("");
    return command;
  };
  auto* command = with_hash(add_command(app, "verify", "Check an asset's event against the node's signed ledger",
                                        "drawbridge verify sha256:9f86… --deep"));
  command->add_flag("--deep", *deep, "Read the stored envelope as well and check every byte of it");
  command->callback([=, &context] { context.action = [=, &context] { return verify(context, *hash, *deep); }; });

  command = with_hash(add_command(app, "revoke", "End the recipients' access to an asset",
                                  "drawbridge revoke sha256:9f86… --recipient bob"));
  command->add_option("--recipient", *recipient, "Only for this peer (default: for everybody)")->type_name("PEER");
  command->callback([=, &context] { context.action = [=, &context] { return revoke(context, *hash, *recipient); }; });

  command = with_hash(add_command(app, "export",
                                  "Give one chunk and its key to other software (the `fernet` suite: a Fernet token)",
                                  "drawbridge --json export sha256:9f86… --chunk 0"));
  command->add_option("--chunk", *chunk, "Which, counted from 0")->required()->type_name("N");
  command->callback([=, &context] { context.action = [=, &context] { return export_chunk(context, *hash, *chunk); }; });
}

}  // namespace drawbridge::cli
