// api.internal: the REST interface for the operator; see docs/rest.md.
#include "internal.h"

#include <boost/describe/class.hpp>

#include "drawbridge/handover.h"
#include "drawbridge/http/peers.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

struct ComponentReply {
  std::string name;
  std::string plugin;
  std::string version;
  std::string state;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(ComponentReply, (), (name, plugin, version, state, detail))

struct HealthReply {
  std::string status;
  std::vector<ComponentReply> components;
};
BOOST_DESCRIBE_STRUCT(HealthReply, (), (status, components))

struct LedgerReply {
  std::uint64_t size = 0;
  std::string root;
  std::string origin;
};
BOOST_DESCRIBE_STRUCT(LedgerReply, (), (size, root, origin))

struct KeysReply {
  std::uint32_t current_version = 0;
};
BOOST_DESCRIBE_STRUCT(KeysReply, (), (current_version))

struct StatusReply {
  std::string name;
  std::string node_id;
  std::string version;
  std::int64_t uptime_s = 0;
  std::vector<ComponentReply> components;
  std::vector<http::PeerReply> links;
  LedgerReply ledger;
  KeysReply keys;
  std::uint64_t peers = 0;
  std::optional<std::uint64_t> pending;
};
BOOST_DESCRIBE_STRUCT(StatusReply, (),
                      (name, node_id, version, uptime_s, components, links, ledger, keys, peers, pending))

struct IdentityReply {
  std::string node_id;
  std::string name;
  std::vector<std::string> addresses;
  Timestamp issued{};
  std::string card;
};
BOOST_DESCRIBE_STRUCT(IdentityReply, (), (node_id, name, addresses, issued, card))

struct CardBody {
  std::string card;
};
BOOST_DESCRIBE_STRUCT(CardBody, (), (card))

struct DoneReply {
  std::string status;
};
BOOST_DESCRIBE_STRUCT(DoneReply, (), (status))

struct ReloadReply {
  std::string status;
  std::vector<std::string> kept;
  std::vector<std::string> replaced;
  std::vector<std::string> added;
  std::vector<std::string> removed;
};
BOOST_DESCRIBE_STRUCT(ReloadReply, (), (status, kept, replaced, added, removed))

HealthReply health_reply(const Host& host) {
  HealthReply reply{"ok", {}};
  for (const ComponentStatus& component : host.status()) {
    if (component.health.state == Health::State::failed) reply.status = "failed";
    if (component.health.state == Health::State::degraded && reply.status == "ok") reply.status = "degraded";
    reply.components.push_back({component.name, component.plugin, component.version,
                                std::string(name(component.health.state)), component.health.detail});
  }
  return reply;
}

Task<http::Response> status_reply(const InternalContext& context) {
  const Checkpoint head = co_await context.ledger->head();
  StatusReply reply{.name = context.host->node_name(),
                    .node_id = context.identity->node_id(),
                    .version = DRAWBRIDGE_VERSION,
                    .uptime_s = (context.host->clock().now() - context.started).count() / 1000,
                    .components = health_reply(*context.host).components,
                    .links = http::peers_reply(*context.identity, *context.transport).peers,
                    .ledger = {head.size, to_hex(head.root), head.origin},
                    .keys = {context.keyring->current_version()},
                    .peers = context.identity->peers().size(),
                    .pending = {}};
  if (context.assets) reply.pending = co_await context.assets->pending();
  co_return http::Response::json(reply);
}

Task<http::Response> add_peer(http::Request& request, InternalContext& context) {
  const auto body = co_await request.json<CardBody>();
  const Peer peer = co_await context.identity->add_peer(parse_card(body.card));
  co_return http::Response::json(http::peer_reply(peer.card, context.transport->links()), 201);
}

Task<http::Response> remove_peer(http::Request& request, InternalContext& context) {
  const std::string who(request.path("id"));
  const auto peer = context.identity->find_peer(who);
  bool removed = false;
  if (peer) removed = co_await context.identity->remove_peer(peer->card.node_id());
  if (!removed) {
    throw Error(Code::not_found, "no peer '" + who + "'", "look at `drawbridge peers list`");
  }
  co_return http::Response::json(DoneReply{"removed"});
}

class InternalApi final : public Component {
 public:
  void options(Options& o) override {
    server_options_.listen = "127.0.0.1:8080";
    server_options_.rate = {50, 100};
    server_options_.declare(o);
    o.use("access", context_.access, "Whose API keys are good, and which there are.");
    o.use("identity", context_.identity, "Who this node is and whom it knows.");
    o.use("keyring", context_.keyring, "The versioned keys.");
    o.use("ledger", context_.ledger, "What is audited.");
    o.use("transport", context_.transport, "How the links to the peers stand.");
    o.use_optional("assets", context_.assets, "Whose deliveries are counted; a node may have none.");
  }

  Task<> start(Host& host) override {
    context_.host = &host;
    const auto old = adopt<InternalApi>(host);  // it hands over its socket, its connections and its age
    context_.started = old ? old->context_.started : host.clock().now();
    server_options_.access = &*context_.access;
    http::Router router;
    add_node_routes(router);
    add_key_routes(router, context_);
    server_ = std::make_unique<http::Server>(server_options_, std::move(router), host);
    server_->start(old ? old->server_.get() : nullptr);
    host.log().info("serves the operator at {}", server_->url());
    co_return;
  }

  Task<> stop() override {
    if (server_) co_await server_->stop();
  }

 private:
  void add_node_routes(http::Router& router) {
    router.get("/health",
               [this](http::Request&) -> Task<http::Response> {
                 const HealthReply reply = health_reply(*context_.host);
                 co_return http::Response::json(reply, reply.status == "failed" ? 503 : 200);
               },
               {.scope = {}, .auth = false, .rate_limited = false, .summary = "Every component and how it feels."});
    router.get(
        "/status", [this](http::Request&) { return status_reply(context_); }, admin("The node at a glance."));
    router.get(
        "/identity",
        [this](http::Request&) -> Task<http::Response> {
          const Card& card = context_.identity->card();
          co_return http::Response::json(
              IdentityReply{card.node_id(), card.name, card.addresses, card.issued, format_card(card)});
        },
        admin("Who this node is, and its card."));
    router.get(
        "/peers",
        [this](http::Request&) -> Task<http::Response> {
          co_return http::Response::json(http::peers_reply(*context_.identity, *context_.transport));
        },
        admin("The peers and the links to them."));
    router.post(
        "/peers", [this](http::Request& request) { return add_peer(request, context_); },
        admin("Adds a peer by its card."));
    router.del(
        "/peers/{id}", [this](http::Request& request) { return remove_peer(request, context_); },
        admin("Removes a peer."));
    router.post(
        "/admin/reload",
        [this](http::Request&) -> Task<http::Response> {
          const ReloadReport report = co_await context_.host->reload();
          co_return http::Response::json(
              ReloadReply{"reloaded", report.kept, report.replaced, report.added, report.removed});
        },
        admin("Reads the configuration again and changes over to it."));
    router.post(
        "/ledger/audit",
        [this](http::Request&) -> Task<http::Response> {
          const Checkpoint head = co_await context_.ledger->audit();
          co_return http::Response::json(LedgerReply{head.size, to_hex(head.root), head.origin});
        },
        admin("Reads the whole ledger and recomputes every hash."));
  }

  http::ServerOptions server_options_;
  InternalContext context_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(InternalApi, "api.internal", "0.1.0", "The REST interface for the operator of the node.")

}  // namespace drawbridge
