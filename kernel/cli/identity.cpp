// drawbridge id, peers: who this node is and whom it knows. Work with the node running and with it stopped.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "kernel/cli/files.h"
#include "kernel/cli/home.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

constexpr std::uint64_t max_card_bytes = 1_MiB;

json::array texts(const std::vector<std::string>& items) {
  return json::array(items.begin(), items.end());
}

json::value identity_json(const Card& card) {
  return json::object{{"node_id", card.node_id()},
                      {"name", card.name},
                      {"addresses", texts(card.addresses)},
                      {"issued", to_rfc3339(card.issued)},
                      {"card", format_card(card)}};
}

json::value peer_json(const Peer& peer) {
  return json::object{{"node_id", peer.card.node_id()},
                      {"name", peer.card.name},
                      {"addresses", texts(peer.card.addresses)},
                      {"connected", false}};
}

struct IdOptions {
  bool card = false;
  bool force = false;
  std::string output = "-";
};

int id(Context& context, const IdOptions& options) {
  auto client = try_connect(context, Api::internal);
  const auto own = client ? http::parse_json(client->get("/identity").body)
                          : identity_json(LocalIdentity(context).identity().card());
  const auto& output = context.output;
  if (options.card && options.output != "-") {
    write_text(options.output, field(own, "card"), options.force);
    if (!output.json()) {
      output.print_line(fmt::format("wrote the card of {} to {}", field(own, "name"), options.output));
      return 0;
    }
  }
  if (output.json()) {
    output.print_json(own);
  } else if (options.card) {
    output.print(field(own, "card"));
  } else {
    output.print_page({{"id", field(own, "node_id")},
                       {"name", field(own, "name")},
                       {"addresses", list_field(own, "addresses")},
                       {"card issued", field(own, "issued")}});
  }
  return 0;
}

int add_peer(Context& context, const std::string& file) {
  const auto text = read_text(file, max_card_bytes);
  const auto add = [&]() -> json::value {
    const auto card = parse_card(text);
    if (auto client = try_connect(context, Api::internal)) {
      return http::parse_json(client->post("/peers", json::value(json::object{{"card", text}})).body);
    }
    const LocalIdentity local(context);
    return peer_json(local.node().wait(local.identity().add_peer(card)));
  };
  const auto with_file = [&]() -> json::value {
    try {
      return add();
    } catch (const Error& error) {
      if (error.code() != Code::invalid && error.code() != Code::forbidden) throw;
      throw error.within(file == "-" ? "the card" : fmt::format("the card {}", file));
    }
  };
  const auto peer = with_file();
  if (context.output.json()) {
    context.output.print_json(peer);
  } else {
    context.output.print_page(
        {{"added", field(peer, "name")}, {"id", field(peer, "node_id")}, {"addresses", list_field(peer, "addresses")}});
  }
  return 0;
}

json::value peers_of(Context& context) {
  if (auto client = try_connect(context, Api::internal)) return http::parse_json(client->get("/peers").body);
  const LocalIdentity local(context);
  json::array peers;
  for (const auto& peer : local.identity().peers()) peers.push_back(peer_json(peer));
  return json::object{{"peers", std::move(peers)}};
}

int list_peers(Context& context) {
  const auto answer = peers_of(context);
  if (context.output.json()) {
    context.output.print_json(answer);
    return 0;
  }
  Table table{{"name", "link", "address", "id"}, {}, {}};
  for (const auto& peer : array_field(answer, "peers")) {
    const auto in_use = field(peer, "address");
    table.rows.push_back({field(peer, "name"), flag_field(peer, "connected") ? "connected" : "-",
                          in_use.empty() ? list_field(peer, "addresses") : in_use, field(peer, "node_id")});
  }
  if (table.rows.empty()) {
    context.output.remark("this node knows no peers yet; add one by its card: drawbridge peers add FILE");
  } else {
    context.output.print_table(table);
  }
  return 0;
}

int remove_peer(Context& context, const std::string& who) {
  if (auto client = try_connect(context, Api::internal)) {
    client->del("/peers/" + http::encode_component(who));
  } else {
    const LocalIdentity local(context);
    const auto peer = local.identity().find_peer(who);
    if (!peer || !local.node().wait(local.identity().remove_peer(peer->card.node_id()))) {
      throw Error(Code::not_found, fmt::format("no peer '{}'", who), "look at `drawbridge peers list`");
    }
  }
  if (context.output.json()) {
    context.output.print_json(json::object{{"status", "removed"}});
  } else {
    context.output.print_line("removed " + printable(who));
  }
  return 0;
}

void add_peers(CLI::App& app, Context& context) {
  auto* peers =
      add_command(app, "peers", "Add, list and remove the nodes that this one knows", "drawbridge peers add bob.card");
  peers->require_subcommand(1);
  const auto argument = std::make_shared<std::string>();
  auto* add =
      add_command(*peers, "add", "Add a node by its card, or take its newer card; works with the node stopped, too",
                  "drawbridge peers add bob.card");
  add->add_option("FILE", *argument, "The card; - is standard input")->required()->type_name("");
  add->callback(
      [&context, argument] { context.action = [&context, argument] { return add_peer(context, *argument); }; });
  auto* list = add_command(*peers, "list", "List the peers and whether they are connected", "drawbridge peers list");
  list->callback([&context] { context.action = [&context] { return list_peers(context); }; });
  auto* remove =
      add_command(*peers, "remove", "Forget a peer: it can no longer connect", "drawbridge peers remove bob");
  remove->add_option("WHO", *argument, "Its name, its id, or a beginning of its id that fits one peer")
      ->required()
      ->type_name("");
  remove->callback(
      [&context, argument] { context.action = [&context, argument] { return remove_peer(context, *argument); }; });
}

}  // namespace

void add_identity_commands(CLI::App& app, Context& context) {
  const auto options = std::make_shared<IdOptions>();
  auto* command = add_command(app, "id", "Tell who this node is, or print its card; works with the node stopped, too",
                              "drawbridge id --card -o alice.card");
  command->add_flag("--card", options->card, "The card, which other nodes add as a peer");
  command->add_option("-o,--output", options->output, "Where the card goes; - is standard output")->type_name("FILE");
  command->add_flag("--force", options->force, "Overwrite the file");
  command->callback([&context, options] { context.action = [&context, options] { return id(context, *options); }; });
  add_peers(app, context);
}

}  // namespace drawbridge::cli
