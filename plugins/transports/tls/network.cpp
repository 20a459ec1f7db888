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

Network::Network(Host& host)
    : host_(host),
      instance_(host.random().bytes(16)),
      strand_(asio::make_strand(host.executor())),
      watch_timer_(strand_) {}

std::shared_ptr<const User> Network::current() const {
  const std::lock_guard lock(users_mutex_);
  return users_.back();
}

void Network::join(std::shared_ptr<User> user) {
  bool first = false;
  bool listens = user->settings.listen != "none";
  {
    const std::lock_guard lock(users_mutex_);
    first = users_.empty();
    for (const auto& other : users_) {
      if (other->settings.listen == user->settings.listen) user->listener = other->listener;
    }
  }
  listens = listens && !user->listener;
  if (listens) user->listener = listen(user->settings.listen);
  {
    const std::lock_guard lock(users_mutex_);
    users_.push_back(user);
  }
  if (listens) spawn(strand_, accept_loop(shared_from_this(), user->listener));
  if (first) spawn(strand_, watch_loop(shared_from_this()));
}

Task<> Network::leave(const void* key) {
  const auto self = shared_from_this();
  protocols_.withdraw_all(key);
  bool last = false;
  std::shared_ptr<Listener> unused;
  {
    const std::lock_guard lock(users_mutex_);
    const auto found = std::find_if(users_.begin(), users_.end(), [key](const auto& user) { return user->key == key; });
    if (found == users_.end()) co_return;
    last = users_.size() == 1;  // the last one stays for what is still under way
    if (!last) {
      unused = (*found)->listener;
      users_.erase(found);
      for (const auto& user : users_) {
        if (user->listener == unused) unused.reset();
      }
    }
  }
  if (unused) close(unused);
  if (last) co_await stop();
}

std::shared_ptr<Listener> Network::listen(const std::string& where) {
  const Address address = parse_address(where);
  error_code ec;
  const auto ip = asio::ip::make_address(address.host, ec);
  if (ec) {
    throw Error(Code::invalid, "listen '" + where + "': not an ip address",
                "listen on 127.0.0.1, on an address of this machine, or on 0.0.0.0 for all of them");
  }
  const tcp::endpoint endpoint(ip, address.port);
  auto listener = std::make_shared<Listener>(strand_);
  auto& acceptor = listener->acceptor;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    const bool used = ec == asio::error::address_in_use;
    throw Error(Code::unavailable, "listen on " + where + ": " + (used ? "the port is in use" : ec.message()),
                used ? "stop the program that uses the port, or choose another one with 'listen'"
                     : "choose an address of this machine and a port that this user may use");
  }
  listener->address = to_text(acceptor.local_endpoint());
  host_.log().info("listening on {}", listener->address);
  return listener;
}

void Network::close(const std::shared_ptr<Listener>& listener) {
  listener->closed = true;
  asio::post(strand_, [listener] {
    error_code ignored;
    listener->acceptor.close(ignored);
  });
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

Task<> Network::accept_loop(Self self, std::shared_ptr<Listener> listener) {
  while (!listener->closed) {
    const Connection::Strand strand = self->new_strand();
    tcp::socket socket(strand);
    error_code ec;
    co_await listener->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (listener->closed) co_return;
    if (ec) {
      self->host_.log().warning("accept: {}", ec.message());
      co_await self->host_.sleep(accept_pause);
      continue;
    }
    const auto now = self->current();
    auto connection =
        std::make_shared<Connection>(self, now->context, std::move(socket), strand, false, now->settings.limits);
    bool full = false;
    {
      const std::lock_guard lock(self->mutex_);
      full = self->connections_.size() >= now->settings.max_connections;
      if (!full) self->connections_.insert(connection);
    }
    if (full) {
      self->host_.log().warning("refused a connection from {}: max_connections ({}) is reached",
                                connection->remote_address(), now->settings.max_connections);
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
    co_await connection->handshake(hello, self->current()->settings.handshake_timeout);
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
  if (stopping()) throw Error(Code::unavailable, "the peer is stopping");
  auto handler = protocols_.find(protocol);
  if (!handler) throw Error(Code::unsupported, "the peer does not serve '" + protocol + "'");
  return handler;
}

void Network::serve(const void* key, std::string protocol, Transport::Handler handler) {
  if (protocol.empty() || protocol.size() > max_protocol_bytes) {
    throw Error(Code::invalid, "a protocol's name has 1 to " + std::to_string(max_protocol_bytes) + " bytes");
  }
  protocols_.serve(key, std::move(protocol), std::move(handler));
}

void Network::withdraw(const void* key, const std::string& protocol) {
  protocols_.withdraw(key, protocol);
}

// --- whom this node knows

std::string Network::judge(Connection& connection, BytesView node_key) {
  if (connection.dialed()) {
    if (!constant_time_equal(connection.peer_key(), node_key)) {
      return "it has another node key (" + to_hex(node_key) + ") than the card of peer " + connection.peer_id();
    }
    return {};
  }
  const auto peer = current()->identity->peer_with_node_key(node_key);
  if (!peer) return "its node key (" + to_hex(node_key) + ") is not that of a known peer";
  connection.set_peer(peer->card.node_id(), to_bytes(node_key));
  const std::lock_guard lock(mutex_);
  ++links_[connection.peer_id()].arriving;
  return {};
}

bool Network::still_known(const Connection& connection) const {
  const auto peer = current()->identity->peer_with_node_key(connection.peer_key());
  return peer && peer->card.node_id() == connection.peer_id();
}

Task<> Network::watch_loop(Self self) {
  while (!self->stopping()) {
    const Milliseconds half = self->current()->settings.keepalive / 2;
    const Milliseconds step = std::min(Milliseconds(1000), std::max(Milliseconds(10), half));
    self->watch_timer_.expires_after(step);
    error_code ec;
    co_await self->watch_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    self->watch_connections();
  }
}

void Network::watch_connections() {
  const auto now = current();
  const auto& settings = now->settings;
  for (const ConnectionPtr& connection : all_connections()) {
    const auto silence = connection->silence();
    if (!still_known(*connection)) {
      connection->fail("the peer is no longer known");
    } else if (silence > settings.keepalive + settings.keepalive_timeout) {
      connection->fail("no sign of life from the peer");
    } else if (silence > settings.keepalive) {
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
  const std::vector<Peer> peers = current()->identity->peers();
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
  const auto listener = current()->listener;
  const std::string where = listener ? "listening on " + listener->address : "not listening";
  return where + ", " + std::to_string(connected) + " of " + std::to_string(all.size()) + " peers connected";
}

// --- the end

bool Network::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Network::stop_listening() {
  if (const auto listener = current()->listener) close(listener);
  asio::post(strand_, [self = shared_from_this()] { self->watch_timer_.cancel(); });
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
  }
  stop_listening();
  changed_.notify();
  const auto idle = [this] {
    const auto all = all_connections();
    return std::all_of(all.begin(), all.end(), [](const auto& connection) { return connection->live_streams() == 0; });
  };
  co_await wait_until(idle, current()->settings.drain);
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
