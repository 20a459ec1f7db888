// How a peer is reached: dialing, backoff, and which of two connections stays. The rest of Network is in network.cpp.
#include <algorithm>

#include "address.h"
#include "network.h"

namespace drawbridge::tls {
namespace {

constexpr std::size_t max_waiting = 1024;  // opens that wait for one dial
constexpr std::size_t max_addresses = 8;   // of one card that are tried

// What the far side's refusal looks like from here, and what to do about it.
constexpr const char* refused_hint =
    "check that the peer runs, that its card here is its newest, and that it has this node's card";

}  // namespace

/// Counts one `open` that waits.
class Network::Waiting {
 public:
  Waiting(Network& network, std::string node_id) : network_(network), node_id_(std::move(node_id)) {
    const std::lock_guard lock(network_.mutex_);
    Link& link = network_.links_[node_id_];
    if (link.waiting >= max_waiting) throw Error(Code::busy, "too many streams wait for the connection to " + node_id_);
    ++link.waiting;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    const std::lock_guard lock(network_.mutex_);
    --network_.links_[node_id_].waiting;
  }

 private:
  Network& network_;
  const std::string node_id_;
};

void Network::demand_peer(const std::string& node_id) const {
  const auto peer = current()->identity->find_peer(node_id);
  if (peer && peer->card.node_id() == node_id) return;
  throw Error(Code::not_found, "no peer has the id " + node_id, "add the card of the peer");
}

Task<std::unique_ptr<Stream>> Network::open(std::string node_id, std::string protocol) {
  const auto self = shared_from_this();
  if (protocol.empty() || protocol.size() > 128) throw Error(Code::invalid, "a protocol's name has 1 to 128 bytes");
  demand_peer(node_id);
  const Waiting waiting(*this, node_id);
  std::optional<std::uint64_t> failed_before;
  for (;;) {
    const auto seen = changed_.version();
    const ConnectionPtr connection = reach(node_id, failed_before);
    if (connection) {
      auto stream = connection->open(protocol);
      if (stream) co_return std::make_unique<TlsStream>(connection, std::move(stream));
      continue;  // it was retired in this moment: `reach` finds another
    }
    co_await changed_.wait(seen);
    demand_peer(node_id);
  }
}

// The connection to use, or null while one is being dialed; begins the dial.
Network::ConnectionPtr Network::reach(const std::string& node_id, std::optional<std::uint64_t>& failed_before) {
  Connection::Strand strand = new_strand();
  Hello hello;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) throw Error(Code::unavailable, "this node is stopping");
    Link& link = links_[node_id];
    for (const ConnectionPtr& connection : link.connections) {
      if (connection->usable()) return connection;
    }
    // The dial that this caller waited for has failed.
    if (failed_before && *failed_before != link.failed_dials && link.last_error) throw Error(*link.last_error);
    failed_before = link.failed_dials;
    // Of two connections the peer may retire one before this side has seen the other's hello.
    if (link.dialing || link.arriving > 0) return nullptr;
    if (link.last_error && SteadyClock::now() < link.retry_at) throw Error(*link.last_error);
    link.dialing = true;
    hello.instance = instance_;
    hello.serial = ++link.serial;
    hello.seen = link.seen;
  }
  spawn(strand, dial(shared_from_this(), node_id, strand, std::move(hello)));
  return nullptr;
}

Task<> Network::dial(Self self, std::string node_id, Connection::Strand strand, Hello hello) {
  std::optional<Error> failure;
  ConnectionPtr connection;
  try {
    connection = co_await dial_any(self, node_id, strand, std::move(hello));
  } catch (const Error& error) {
    failure.emplace(error);
  } catch (const std::exception& error) {
    failure.emplace(Code::internal, error.what());
  }
  if (failure) {
    self->dial_failed(node_id, *failure);
    co_return;
  }
  self->adopt(connection);
  co_await run_connection(self, connection);
}

Task<Network::ConnectionPtr> Network::dial_any(Self self, std::string node_id, Connection::Strand strand, Hello hello) {
  const auto peer = self->current()->identity->find_peer(node_id);  // the card of this moment
  if (!peer) throw Error(Code::not_found, "no peer has the id " + node_id);
  std::optional<Error> failure;
  std::size_t tried = 0;
  for (const std::string& address : peer->card.addresses) {
    if (tried++ == max_addresses || self->stopping()) break;
    try {
      co_return co_await dial_one(self, *peer, address, strand, hello);
    } catch (const Error& error) {
      const std::string where = "peer '" + peer->card.name + "' at " + address;
      self->host_.log().warning("{}: {}", where, error.what());
      failure.emplace(Code::unavailable, where + ": " + error.what(), refused_hint);
    }
  }
  if (failure) throw Error(*failure);
  throw Error(Code::unavailable, "peer '" + peer->card.name + "' has no address in its card and is not connected",
              "add a card of the peer that has an address, or let the peer connect to this node");
}

Task<Network::ConnectionPtr> Network::dial_one(Self self, Peer peer, std::string address, Connection::Strand strand,
                                               Hello hello) {
  const auto now = self->current();
  const Address parsed = parse_address(address);
  const std::vector<asio::ip::tcp::endpoint> endpoints = co_await resolve(parsed);
  std::optional<Error> failure;
  for (const auto& endpoint : endpoints) {
    asio::ip::tcp::socket socket(strand);
    auto connection =
        std::make_shared<Connection>(self, now->context, std::move(socket), strand, true, now->settings.limits);
    connection->set_peer(peer.card.node_id(), peer.card.keys.node_key);
    {
      const std::lock_guard lock(self->mutex_);
      self->connections_.insert(connection);
    }
    try {
      co_await connection->connect(endpoint, now->settings.connect_timeout);
      co_await connection->handshake(hello, now->settings.handshake_timeout);
      co_return connection;
    } catch (const Error& error) {
      failure.emplace(error);
    }
    connection->fail(failure->what());
    self->forget(connection);
  }
  if (!failure) failure.emplace(Code::unavailable, "the name has no address");
  throw Error(*failure);
}

void Network::dial_failed(const std::string& node_id, const Error& error) {
  std::array<std::uint8_t, 2> random{};
  host_.random().fill(random);
  const auto now = current();
  const double jitter = 0.5 + static_cast<double>(load_u16be(random)) / 65536.0 / 2;
  {
    const std::lock_guard lock(mutex_);
    Link& link = links_[node_id];
    link.dialing = false;
    ++link.failed_dials;
    const unsigned doublings = std::min(link.failures_in_row++, 20U);
    const auto full = std::min<std::chrono::duration<double, std::milli>>(
        std::chrono::duration<double, std::milli>(now->settings.backoff_min) * (1U << doublings),
        now->settings.backoff_max);
    link.retry_at = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(full * jitter);
    link.last_error.emplace(error);
    link.since = host_.clock().now();
  }
  changed_.notify();
}

// Whether the left connection stays. Both sides come to the same answer: docs/formats/transport.md, "Two connections".
bool Network::prefer(const Connection& left, const Connection& right) const {
  const auto dialer_hello = [](const Connection& c) -> const Hello& {
    return c.dialed() ? c.own_hello() : c.peer_hello();
  };
  const Hello& l = dialer_hello(left);
  const Hello& r = dialer_hello(right);
  if (left.dialed() == right.dialed()) return l.serial > r.serial;
  if (l.seen >= r.serial) return true;
  if (r.seen >= l.serial) return false;
  const bool own_is_smaller = current()->identity->node_id() < left.peer_id();
  return left.dialed() == own_is_smaller;
}

void Network::adopt(const ConnectionPtr& connection) {
  std::vector<ConnectionPtr> retire;
  std::vector<ConnectionPtr> dead;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
    Link& link = links_[connection->peer_id()];
    if (connection->dialed()) {
      link.dialing = false;
    } else {
      --link.arriving;
      link.seen = std::max(link.seen, connection->peer_hello().serial);
    }
    for (const ConnectionPtr& other : link.connections) {
      if (other->peer_hello().instance != connection->peer_hello().instance) {
        dead.push_back(other);
        if (!connection->dialed()) link.seen = connection->peer_hello().serial;
      } else if (other->usable()) {
        retire.push_back(prefer(*connection, *other) ? other : connection);
      }
    }
    link.connections.push_back(connection);
    link.failures_in_row = 0;
    link.last_error.reset();
    link.since = host_.clock().now();
  }
  for (const ConnectionPtr& other : dead) other->fail("the peer was started anew");
  for (const ConnectionPtr& loser : retire) loser->retire();
  if (stopping) connection->fail("this node is stopping");
  changed_.notify();
}

void Network::forget(const ConnectionPtr& connection) {
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection);
    const auto found = links_.find(connection->peer_id());
    if (found == links_.end()) {
      // Nobody that is known.
    } else if (Link& link = found->second; std::erase(link.connections, connection) > 0) {
      link.since = host_.clock().now();
      if (link.connections.empty()) link.last_error.emplace(Code::unavailable, connection->failure_text());
    } else if (!connection->dialed()) {
      --link.arriving;  // it failed before its hello
    }
  }
  changed_.notify();
}

}  // namespace drawbridge::tls
