// api.external: the REST interface for applications; see docs/rest.md.
#include "external.h"

#include <algorithm>
#include <boost/describe/class.hpp>

#include "drawbridge/handover.h"
#include "drawbridge/http/peers.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

struct HealthReply {
  std::string status;
  std::string name;
  std::string node_id;
};
BOOST_DESCRIBE_STRUCT(HealthReply, (), (status, name, node_id))

struct StatsReply {
  std::uint64_t peers = 0;
  std::uint64_t connected = 0;
  std::uint64_t ledger_size = 0;
};
BOOST_DESCRIBE_STRUCT(StatsReply, (), (peers, connected, ledger_size))

class ExternalApi final : public Component {
 public:
  void options(Options& o) override {
    server_options_.listen = "127.0.0.1:8081";
    server_options_.rate = {10, 20};
    server_options_.declare(o);
    o.use("assets", context_.assets, "What is shared and opened.");
    o.use("access", access_, "Whose API keys are good.");
    o.use("identity", context_.identity, "Who this node is and whom it knows.");
    o.use("ledger", context_.ledger, "What is proved.");
    o.use("transport", context_.transport, "How the links to the peers stand.");
    o.size("max_upload", context_.max_upload_bytes, {1_KiB, 1024_TiB}, "Longest content of one share.");
    o.size("max_json_content", context_.max_json_content_bytes, {1_KiB, 256_MiB},
           "Longest content that is given as JSON; longer content is fetched as bytes.");
  }

  Task<> start(Host& host) override {
    context_.host = &host;
    server_options_.access = &*access_;
    http::Router router;
    add_share_routes(router, context_);
    add_data_routes(router, context_);
    add_ledger_routes(router, context_);
    add_node_routes(router);
    server_ = std::make_unique<http::Server>(server_options_, std::move(router), host);
    const auto old = adopt<ExternalApi>(host);  // it hands over its socket and its connections
    server_->start(old ? old->server_.get() : nullptr);
    host.log().info("serves applications at {}", server_->url());
    co_return;
  }

  Task<> stop() override {
    if (server_) co_await server_->stop();
  }

 private:
  void add_node_routes(http::Router& router) {
    router.get("/health", [this](http::Request&) { return health_reply(); },
               {.scope = {}, .auth = false, .rate_limited = false, .summary = "Whether the node serves."});
    router.get("/network/peers",
               [this](http::Request&) -> Task<http::Response> {
                 co_return http::Response::json(http::peers_reply(*context_.identity, *context_.transport));
               },
               {.summary = "The peers and the links to them."});
    router.get("/network/stats",
               [this](http::Request&) -> Task<http::Response> {
                 const http::PeersReply all = http::peers_reply(*context_.identity, *context_.transport);
                 const auto connected =
                     std::count_if(all.peers.begin(), all.peers.end(), [](const auto& peer) { return peer.connected; });
                 const Checkpoint head = co_await context_.ledger->head();
                 co_return http::Response::json(
                     StatsReply{all.peers.size(), static_cast<std::uint64_t>(connected), head.size});
               },
               {.summary = "Numbers of the network."});
  }

  Task<http::Response> health_reply() {
    bool failed = false;
    for (const ComponentStatus& component : context_.host->status()) {
      failed = failed || component.health.state == Health::State::failed;
    }
    HealthReply reply{failed ? "failed" : "ok", context_.host->node_name(), context_.identity->node_id()};
    co_return http::Response::json(reply, failed ? 503 : 200);
  }

  http::ServerOptions server_options_;
  Ref<Access> access_;
  ExternalContext context_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

std::string hash_of(const http::Request& request) {
  const std::string_view given = request.path("hash");
  const std::string_view digits = given.substr(given.find(':') == std::string_view::npos ? 0 : given.find(':') + 1);
  if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw field_error("hash", "is not a data hash: 'sha256:' and 64 hexadecimal digits");
  }
  return std::string(given);
}

http::FieldErrors field_error(std::string field, std::string message) {
  std::vector<http::FieldError> errors(1);
  errors.front() = {std::move(field), std::move(message)};
  return http::FieldErrors(std::move(errors));
}

std::string tx_hash(const LedgerEvent& event) {
  return "0x" + to_hex(event.leaf);
}

DRAWBRIDGE_PLUGIN(ExternalApi, "api.external", "0.1.0", "The REST interface for applications that share and open data.")

}  // namespace drawbridge
