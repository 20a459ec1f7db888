#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "network.h"

namespace drawbridge {
namespace {

/// Mutual TLS 1.3 between nodes that have each other's cards; see docs/formats/transport.md.
class TlsTransport final : public Transport {
 public:
  void options(Options& o) override {
    using Ms = Milliseconds;
    o.use("identity", identity_, "Who this node is and whom it knows.");
    o.text("listen", settings_.listen,
           "Address and port for peers; port 0 takes any free one, `none` listens nowhere.");
    o.list("groups", settings_.groups, "Key exchange groups of TLS, best first.");
    o.duration("connect_timeout", settings_.connect_timeout, {Ms(100), Ms(120'000)}, "For one attempt to connect.");
    o.duration("handshake_timeout", settings_.handshake_timeout, {Ms(100), Ms(120'000)},
               "For TLS and the first frames, on both sides.");
    o.duration("keepalive", settings_.keepalive, {Ms(20), Ms(3'600'000)},
               "After this silence the peer is asked for a sign of life.");
    o.duration("keepalive_timeout", settings_.keepalive_timeout, {Ms(20), Ms(3'600'000)},
               "How long it may then take before the connection is given up.");
    o.duration("backoff_min", settings_.backoff_min, {Ms(1), Ms(600'000)},
               "The first pause after a failed dial; it doubles.");
    o.duration("backoff_max", settings_.backoff_max, {Ms(1), Ms(3'600'000)}, "The longest pause between dials.");
    o.duration("drain", settings_.drain, {Ms(0), Ms(600'000)},
               "How long a stop waits for streams before it ends them.");
    o.size("window", settings_.limits.window, {512_KiB, 64_MiB},
           "How much a peer may send on a stream before its reader takes it.");
    o.number("max_streams", settings_.limits.max_streams, {1U, 65536U},
             "How many streams a peer may have open here; each holds up to a window of memory.");
    o.size("max_queued", settings_.limits.max_queued_bytes, {512_KiB, 1_GiB},
           "How much waits to be sent on one connection.");
    o.number("max_connections", settings_.max_connections, {1U, 65536U}, "How many connections may be open at once.");
  }

  Task<> start(Host& host) override {
    auto user = std::make_shared<tls::User>(this, identity_, settings_);
    // Connections are this node's, whatever has changed about them: only another node key needs others.
    std::shared_ptr<tls::Network> network;
    if (const auto old = adopt<TlsTransport>(host); old && old->identity_->node_id() == identity_->node_id()) {
      network = old->find();
    }
    if (!network) network = std::make_shared<tls::Network>(host);
    network->join(std::move(user));
    const std::lock_guard lock(mutex_);
    network_ = std::move(network);
    co_return;
  }

  Task<> stop() override {
    const auto network = find();
    if (!network) co_return;
    co_await network->leave(this);
  }

  Health health() const override {
    const auto network = find();
    if (!network) return {Health::State::failed, "not running"};
    return {Health::State::ok, network->describe()};
  }

  void serve(std::string protocol, Handler handler) override {
    running()->serve(this, std::move(protocol), std::move(handler));
  }
  void withdraw(const std::string& protocol) override {
    if (const auto network = find()) network->withdraw(this, protocol);
  }
  Task<std::unique_ptr<Stream>> open(std::string node_id, std::string protocol) override {
    const auto network = running();
    co_return co_await network->open(std::move(node_id), std::move(protocol));
  }
  std::vector<LinkStatus> links() const override {
    const auto network = find();
    return network ? network->links() : std::vector<LinkStatus>{};
  }

 private:
  std::shared_ptr<tls::Network> find() const {
    const std::lock_guard lock(mutex_);
    return network_;
  }
  std::shared_ptr<tls::Network> running() const {
    auto network = find();
    if (!network) throw Error(Code::unavailable, "the transport does not run");
    return network;
  }

  Ref<Identity> identity_;
  tls::Settings settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<tls::Network> network_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(TlsTransport, "transport.tls", "0.1.0",
                  "Joins nodes over mutual TLS 1.3, each proved by its node key.")

}  // namespace drawbridge
