#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>

#include "drawbridge/handover.h"
#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/transport.h"
#include "drawbridge/wakeup.h"
#include "stream.h"

namespace drawbridge {
namespace {

using loopback::LoopbackStream;
using loopback::Pair;

/// One node's end of the hub. Tasks keep it alive, so that a node whose stop was given up leaves nothing dangling. A
/// transport that replaces another one in a reload goes on with its station.
class Station : public std::enable_shared_from_this<Station> {
 public:
  Station(Host& host, Ref<Identity> identity, std::uint64_t max_queued_bytes, unsigned max_streams)
      : host_(host), max_queued_bytes_(max_queued_bytes), max_streams_(max_streams), identity_(std::move(identity)) {}

  Ref<Identity> identity() const {
    const std::lock_guard lock(mutex_);
    return identity_;
  }
  /// Whom the node knows by now.
  void use(Ref<Identity> identity) {
    const std::lock_guard lock(mutex_);
    identity_ = std::move(identity);
  }
  ProtocolTable& protocols() { return protocols_; }

  std::shared_ptr<Pair> make_pair() {
    auto pair = std::make_shared<Pair>(max_queued_bytes_);
    remember(pair);
    return pair;
  }
  /// Takes an incoming stream: starts its handler, or fails the opener's end.
  void accept(const std::shared_ptr<Pair>& pair, const std::string& from, const std::string& protocol);

  void refuse_more();
  void fail_streams();
  Task<> wait_idle(std::optional<Milliseconds> limit);

 private:
  static Task<> run(std::shared_ptr<Station> self, Transport::Handler handler, std::shared_ptr<Pair> pair,
                    std::string from);
  void remember(const std::shared_ptr<Pair>& pair) {
    const std::lock_guard lock(mutex_);
    std::erase_if(pairs_, [](const auto& old) { return old.expired(); });
    pairs_.push_back(pair);
  }

  Host& host_;
  const std::uint64_t max_queued_bytes_;
  const unsigned max_streams_;
  ProtocolTable protocols_;
  mutable std::mutex mutex_;
  Ref<Identity> identity_;
  std::vector<std::weak_ptr<Pair>> pairs_;
  unsigned running_ = 0;
  bool stopping_ = false;
  Wakeup changed_;
};

void Station::accept(const std::shared_ptr<Pair>& pair, const std::string& from, const std::string& protocol) {
  auto handler = protocols_.find(protocol);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return pair->fail(0, Error(Code::unavailable, "the peer is stopping"));
    if (!handler) {
      return pair->fail(0, Error(Code::unsupported, "the peer does not serve '" + protocol + "'"));
    }
    if (running_ >= max_streams_) return pair->fail(0, Error(Code::busy, "the peer serves no more streams at once"));
    ++running_;
  }
  remember(pair);
  asio::co_spawn(host_.executor(), run(shared_from_this(), std::move(handler), pair, from), asio::detached);
}

Task<> Station::run(std::shared_ptr<Station> self, Transport::Handler handler, std::shared_ptr<Pair> pair,
                    std::string from) {
  // Held here, so that the stream is not dropped before its end is known.
  const auto stream = std::make_shared<LoopbackStream>(pair, 1, std::move(from));
  try {
    co_await handler(stream);
    pair->complete(1);
  } catch (const Error& error) {
    pair->fail(0, Error(error.code(), error.what()));
  } catch (const std::exception& error) {
    self->host_.log().error("a handler failed: {}", error.what());
    pair->fail(0, Error(Code::internal, "the peer's handler failed"));
  }
  {
    const std::lock_guard lock(self->mutex_);
    --self->running_;
  }
  self->changed_.notify();
}

void Station::refuse_more() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
}

void Station::fail_streams() {
  std::vector<std::weak_ptr<Pair>> pairs;
  {
    const std::lock_guard lock(mutex_);
    pairs.swap(pairs_);
  }
  const Error gone(Code::unavailable, "the transport has stopped");
  for (const auto& weak : pairs) {
    const auto pair = weak.lock();
    if (!pair) continue;
    pair->fail(0, gone);
    pair->fail(1, gone);
  }
}

Task<> Station::wait_idle(std::optional<Milliseconds> limit) {
  const auto self = shared_from_this();
  const auto late = std::make_shared<std::atomic<bool>>(false);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  if (limit) {
    timer.expires_after(*limit);
    timer.async_wait([self, late](const boost::system::error_code& ec) {
      if (ec) return;
      *late = true;
      self->changed_.notify();
    });
  }
  for (;;) {
    const auto seen = changed_.version();
    {
      const std::lock_guard lock(mutex_);
      if (running_ == 0 || *late) co_return;
    }
    co_await changed_.wait(seen);
  }
}

/// Where the nodes of one process find each other, by the name of a hub and the node id. It is the one piece of state
/// that the components of a process share: nodes in a process know nothing of each other, so there is no owner that
/// could pass it in.
class Hub {
 public:
  static Hub& of_process() {
    static Hub hub;
    return hub;
  }

  void join(const std::string& hub, const std::shared_ptr<Station>& station) {
    const std::lock_guard lock(mutex_);
    auto& place = stations_[{hub, station->identity()->node_id()}];
    if (!place.expired()) {
      throw Error(Code::conflict, "this node is on the hub '" + hub + "' already",
                  "give each node its own identity, or another 'hub'");
    }
    place = station;
  }
  void leave(const std::string& hub, const std::string& node_id) {
    const std::lock_guard lock(mutex_);
    stations_.erase({hub, node_id});
  }
  std::shared_ptr<Station> find(const std::string& hub, const std::string& node_id) {
    const std::lock_guard lock(mutex_);
    const auto found = stations_.find({hub, node_id});
    return found == stations_.end() ? nullptr : found->second.lock();
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<Station>> stations_;
};

class LoopbackTransport final : public Transport {
 public:
  void options(Options& o) override {
    o.use("identity", identity_, "Who this node is and whom it knows.");
    o.text("hub", hub_, "Nodes of one process with the same hub reach each other.");
    o.size("queue", max_queued_bytes_, {256_KiB, 64_MiB}, "How much a stream holds that its reader has not taken.");
    o.number("max_streams", max_streams_, {1U, 65536U}, "How many incoming streams are served at once.");
    o.duration("drain", drain_, {Milliseconds(0), Milliseconds(600'000)},
               "How long a stop waits for handlers before it ends their streams.");
  }

  Task<> start(Host& host) override {
    const auto old = adopt<LoopbackTransport>(host);
    const bool same = old && old->hub_ == hub_ && old->max_queued_bytes_ == max_queued_bytes_ &&
                      old->max_streams_ == max_streams_ && old->identity_->node_id() == identity_->node_id();
    if (same && station_.join(old->station_)) {
      station_->use(identity_);
      co_return;
    }
    auto station = std::make_shared<Station>(host, identity_, max_queued_bytes_, max_streams_);
    Hub::of_process().join(hub_, station);
    station_.begin(std::move(station));
    co_return;
  }

  Task<> stop() override {
    if (!station_) co_return;
    const auto station = station_.share();
    station->protocols().withdraw_all(this);
    if (!station_.leave()) co_return;
    Hub::of_process().leave(hub_, station->identity()->node_id());
    station->refuse_more();
    co_await station->wait_idle(drain_);
    station->fail_streams();
    co_await station->wait_idle(std::nullopt);
  }

  void serve(std::string protocol, Handler handler) override {
    station()->protocols().serve(this, std::move(protocol), std::move(handler));
  }
  void withdraw(const std::string& protocol) override {
    if (station_) station_->protocols().withdraw(this, protocol);
  }

  Task<std::unique_ptr<Stream>> open(std::string node_id, std::string protocol) override {
    const auto own = station();
    const auto self = own->identity();
    const auto known = self->find_peer(node_id);
    if (!known || known->card.node_id() != node_id) throw Error(Code::not_found, "no peer has the id " + node_id);
    const auto other = Hub::of_process().find(hub_, node_id);
    if (!other) throw Error(Code::unavailable, "peer '" + known->card.name + "' is not on the hub '" + hub_ + "'");
    const std::string& from = self->node_id();
    if (!other->identity()->peer_with_node_key(self->node_key().public_key)) {
      throw Error(Code::unavailable, "peer '" + known->card.name + "' does not know this node",
                  "add this node's card to the peer");
    }
    const auto pair = own->make_pair();
    other->accept(pair, from, protocol);
    co_return std::make_unique<LoopbackStream>(pair, 0, node_id);
  }

  std::vector<LinkStatus> links() const override {
    std::vector<LinkStatus> out;
    if (!station_) return out;
    for (const Peer& peer : station_->identity()->peers()) {
      LinkStatus link;
      link.node_id = peer.card.node_id();
      link.address = hub_;
      link.connected = Hub::of_process().find(hub_, link.node_id) != nullptr;
      link.detail = link.connected ? "in this process" : "not on the hub";
      out.push_back(std::move(link));
    }
    return out;
  }

 private:
  std::shared_ptr<Station> station() const {
    if (!station_) throw Error(Code::unavailable, "the transport does not run");
    return station_.share();
  }

  Ref<Identity> identity_;
  std::string hub_ = "main";
  std::uint64_t max_queued_bytes_ = 1_MiB;
  unsigned max_streams_ = 1024;
  Milliseconds drain_{5000};
  Handover<Station> station_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(LoopbackTransport, "transport.loopback", "0.1.0", "Joins the nodes of one process; for tests.")

}  // namespace drawbridge
