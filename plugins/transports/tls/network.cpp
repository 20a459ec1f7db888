#include "network.h"

#include <algorithm>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "address.h"

namespace drawbridge::tls {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr Milliseconds flush_limit{1000};  // for what is queued when the node stops
constexpr Milliseconds accept_pause{100};  // when the system has no descriptors left
constexpr std::size_t max_protocol_bytes = 128;

}  // namespace

Network::Network(Host& host, Ref<Identity> identity, Settings settings)
    : host_(host),
      identity_(std::move(identity)),
      settings_(std::move(settings)),
      context_(identity_->node_key(), settings_.groups),
      instance_(host.random().bytes(16)),
      strand_(asio::make_strand(host.executor())),
      acceptor_(strand_),
      watch_timer_(strand_) {}

void Network::start() {
  if (settings_.listen != "none") {
    listen();
    spawn(strand_, accept_loop(shared_from_this()));
  }
  spawn(strand_, watch_loop(shared_from_this()));
}

void Network::listen() {
  const Address address = parse_address(settings_.listen);
  error_code ec;
  const auto ip = asio::ip::make_address(address.host, ec);
  if (ec) {
    throw Error(Code::invalid, "listen '" + settings_.listen + "': not an ip address",
                "listen on 127.0.0.1, on an address of this machine, or on 0.0.0.0 for all of them");
  }
  const tcp::endpoint endpoint(ip, address.port);
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    const bool used = ec == asio::error::address_in_use;
    throw Error(Code::unavailable,
                "listen on " + settings_.listen + ": " + (used ? "the port is in use" : ec.message()),
                used ? "stop the program that uses the port, or choose another one with 'listen'"
                     : "choose an address of this machine and a port that this user may use");
  }
  listening_on_ = to_text(acceptor_.local_endpoint());
  host_.log().info("listening on {}", listening_on_);
}

// Every task is counted, so that `stop` can wait for the last.
void Network::spawn(asio::any_io_executor executor, Task<> task) {
  {
    const std::lock_guard lock(mutex_);
    ++tasks_;
  }
  asio::co_spawn(std::move(executor), counted(shared_from_this(), std::move(task)), asio::detached);
}

Task<> Network::counted(Self self, Task<> task) {
  try {
    co_await std::move(task);
  } catch (const std::exception& error) {
    self->host_.log().error("a task failed: {}", error.what());
  }
  {
    const std::lock_guard lock(self->mutex_);
    --self->tasks_;
  }
  self->changed_.notify();
}

Connection::Strand Network::new_strand() {
  return asio::make_strand(host_.executor());
}

Task<> Network::accept_loop(Self self) {
  while (!self->stopping()) {
    const Connection::Strand strand = self->new_strand();
    tcp::socket socket(strand);
    error_code ec;
    co_await self->acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (self->stopping()) co_return;
    if (ec) {
      self->host_.log().warning("accept: {}", ec.message());
      co_await self->host_.sleep(accept_pause);
      continue;
    }
    auto connection =
        std::make_shared<Connection>(self, self->context_, std::move(socket), strand, false, self->settings_.limits);
    bool full = false;
    {
      const std::lock_guard lock(self->mutex_);
      full = self->connections_.size() >= self->settings_.max_connections;
      if (!full) self->connections_.insert(connection);
    }
    if (full) {
      self->host_.log().warning("refused a connection from {}: max_connections ({}) is reached",
                                connection->remote_address(), self->settings_.max_connections);
      continue;
    }
    self->spawn(strand, serve_connection(self, connection));
  }
}

Task<> Network::serve_connection(Self self, ConnectionPtr connection) {
  std::optional<Error> failure;
  try {
    Hello hello;
    hello.instance = self->instance_;
    co_await connection->handshake(hello, self->settings_.handshake_timeout);
  } catch (const Error& error) {
    failure.emplace(error);
  }
  if (failure) {
    self->host_.log().warning("refused a connection from {}: {}", connection->remote_address(), failure->what());
    connection->fail(failure->what());
    self->forget(connection);
    co_return;
  }
  self->adopt(connection);
  co_await run_connection(self, connection);
}

Task<> Network::run_connection(Self self, ConnectionPtr connection) {
  const std::string via = connection->dialed() ? "dialed" : "accepted";
  self->host_.log().info("connected to {} at {} ({}; {})", connection->peer_id(), connection->remote_address(), via,
                         connection->description());
  self->spawn(connection->strand(), write_connection(self, connection));
  try {
    co_await connection->read_loop();
  } catch (const Error& error) {
    connection->fail(error.what());
  }
  self->host_.log().info("connection to {} ended: {}", connection->peer_id(), connection->failure_text());
  self->forget(connection);
}

Task<> Network::write_connection(Self, ConnectionPtr connection) {
  try {
    co_await connection->write_loop();
  } catch (const Error& error) {
    connection->fail(error.what());
  }
}

// --- streams

void Network::run_handler(ConnectionPtr connection, std::shared_ptr<StreamState> stream, Transport::Handler handler) {
  spawn(host_.executor(), handle(shared_from_this(), std::move(connection), std::move(stream), std::move(handler)));
}

Task<> Network::handle(Self self, ConnectionPtr connection, std::shared_ptr<StreamState> stream,
                       Transport::Handler handler) {
  // Held here, so that the stream is not dropped before its end is known.
  const auto user = std::make_shared<TlsStream>(connection, stream);
  std::optional<Error> failure;
  try {
    co_await handler(user);
  } catch (const Error& error) {
    failure.emplace(error.code(), error.what());
  } catch (const std::exception& error) {
    self->host_.log().error("a handler failed: {}", error.what());
    failure.emplace(Code::internal, "the peer's handler failed");
  }
  connection->complete(stream, failure);
}

Transport::Handler Network::accept(Connection& connection, const std::string& protocol) {
  if (!still_known(connection)) {
    connection.fail("the peer is no longer known");
    throw Error(Code::unavailable, "the peer is no longer known");
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) throw Error(Code::unavailable, "the peer is stopping");
  const auto found = handlers_.find(protocol);
  if (found == handlers_.end()) throw Error(Code::unsupported, "the peer does not serve '" + protocol + "'");
  return found->second;
}

void Network::serve(std::string protocol, Transport::Handler handler) {
  if (protocol.empty() || protocol.size() > max_protocol_bytes) {
    throw Error(Code::invalid, "a protocol's name has 1 to " + std::to_string(max_protocol_bytes) + " bytes");
  }
  const std::lock_guard lock(mutex_);
  if (handlers_.contains(protocol)) throw Error(Code::conflict, "protocol '" + protocol + "' is served already");
  handlers_.emplace(std::move(protocol), std::move(handler));
}

void Network::withdraw(const std::string& protocol) {
  const std::lock_guard lock(mutex_);
  handlers_.erase(protocol);
}

// --- whom this node knows

std::string Network::judge(Connection& connection, BytesView node_key) {
  if (connection.dialed()) {
    if (!constant_time_equal(connection.peer_key(), node_key)) {
      return "it has another node key (" + to_hex(node_key) + ") than the card of peer " + connection.peer_id();
    }
    return {};
  }
  const auto peer = identity_->peer_with_node_key(node_key);
  if (!peer) return "its node key (" + to_hex(node_key) + ") is not that of a known peer";
  connection.set_peer(peer->card.node_id(), to_bytes(node_key));
  const std::lock_guard lock(mutex_);
  ++links_[connection.peer_id()].arriving;
  return {};
}

bool Network::still_known(const Connection& connection) const {
  const auto peer = identity_->peer_with_node_key(connection.peer_key());
  return peer && peer->card.node_id() == connection.peer_id();
}

Task<> Network::watch_loop(Self self) {
  const Milliseconds step = std::min(Milliseconds(1000), std::max(Milliseconds(10), self->settings_.keepalive / 2));
  while (!self->stopping()) {
    self->watch_timer_.expires_after(step);
    error_code ec;
    co_await self->watch_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    self->watch_connections();
  }
}

void Network::watch_connections() {
  for (const ConnectionPtr& connection : all_connections()) {
    const auto silence = connection->silence();
    if (!still_known(*connection)) {
      connection->fail("the peer is no longer known");
    } else if (silence > settings_.keepalive + settings_.keepalive_timeout) {
      connection->fail("no sign of life from the peer");
    } else if (silence > settings_.keepalive) {
      connection->ping();
    }
  }
}

std::vector<Network::ConnectionPtr> Network::all_connections() const {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectionPtr> out;
  for (const auto& [id, link] : links_) out.insert(out.end(), link.connections.begin(), link.connections.end());
  return out;
}

void Network::connection_changed(Connection&) {
  changed_.notify();
}

std::vector<LinkStatus> Network::links() const {
  const std::vector<Peer> peers = identity_->peers();
  const std::lock_guard lock(mutex_);
  std::vector<LinkStatus> out;
  for (const Peer& peer : peers) {
    LinkStatus status;
    status.node_id = peer.card.node_id();
    if (!peer.card.addresses.empty()) status.address = peer.card.addresses.front();
    status.detail = "not connected yet";
    const auto found = links_.find(status.node_id);
    if (found != links_.end()) {
      const Link& link = found->second;
      status.since = link.since;
      if (link.last_error) status.detail = link.last_error->what();
      for (const ConnectionPtr& connection : link.connections) {
        if (connection->closed()) continue;
        status.connected = true;
        status.address = connection->remote_address();
        status.detail = connection->description();
      }
    }
    out.push_back(std::move(status));
  }
  return out;
}

std::string Network::describe() const {
  std::size_t connected = 0;
  const auto all = links();
  for (const LinkStatus& link : all) connected += link.connected ? 1 : 0;
  const std::string where = listening_on_.empty() ? "not listening" : "listening on " + listening_on_;
  return where + ", " + std::to_string(connected) + " of " + std::to_string(all.size()) + " peers connected";
}

// --- the end

bool Network::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Network::stop_listening() {
  asio::post(strand_, [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->watch_timer_.cancel();
  });
}

template <class Done>
Task<> Network::wait_until(Done done, std::optional<Milliseconds> limit) {
  const auto self = shared_from_this();
  const auto late = std::make_shared<std::atomic<bool>>(false);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  if (limit) {
    timer.expires_after(*limit);
    timer.async_wait([self, late](const error_code& ec) {
      if (ec) return;
      *late = true;
      self->changed_.notify();
    });
  }
  for (;;) {
    const auto seen = changed_.version();
    if (done() || *late) co_return;
    co_await changed_.wait(seen);
  }
}

Task<> Network::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    handlers_.clear();
  }
  stop_listening();
  changed_.notify();
  const auto idle = [this] {
    const auto all = all_connections();
    return std::all_of(all.begin(), all.end(), [](const auto& connection) { return connection->live_streams() == 0; });
  };
  co_await wait_until(idle, settings_.drain);
  for (const ConnectionPtr& connection : all_connections()) connection->close_gracefully();
  co_await wait_until([this] { return all_connections().empty(); }, flush_limit);
  std::set<ConnectionPtr> rest;
  {
    const std::lock_guard lock(mutex_);
    rest = connections_;
  }
  for (const ConnectionPtr& connection : rest) connection->fail("this node has stopped");
  const auto finished = [this] {
    const std::lock_guard lock(mutex_);
    return tasks_ == 0;
  };
  co_await wait_until(finished, std::nullopt);
}

}  // namespace drawbridge::tls
