#include "drawbridge/http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "drawbridge/options.h"
#include "worker.h"

namespace drawbridge::http {
namespace {

using asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr Milliseconds poll_interval{3};
constexpr Milliseconds idle_grace{100};  // for a request that is on its way while the server begins to stop

tcp::endpoint parse_listen(const std::string& text) {
  const Error bad(Code::invalid, "cannot listen on '" + text + "': that is no address with a port",
                  "write it like 127.0.0.1:8081 or [::1]:8081");
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) throw bad;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    throw bad;
  }
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data() + colon + 1, end, port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || failed != std::errc{} || stop != end) throw bad;
  return {address, port};
}

[[noreturn]] void throw_bind_error(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
  const auto where = fmt::format("cannot listen on {}:{}: ", endpoint.address().to_string(), endpoint.port());
  if (error == asio::error::address_in_use) {
    throw Error(Code::unavailable, where + "the port is in use",
                fmt::format("stop the process that listens on port {}, or choose another port with `listen:`",
                            endpoint.port()));
  }
  if (error == asio::error::access_denied) {
    throw Error(Code::unavailable, where + "permission denied", "choose a port above 1023 with `listen:`");
  }
  if (error == boost::system::errc::address_not_available) {
    throw Error(Code::unavailable, where + "this machine has no such address",
                "set `listen:` to 127.0.0.1 or to an address that `ip address` lists");
  }
  throw Error(Code::unavailable, where + error.message());
}

tcp::acceptor bound(const asio::any_io_executor& executor, const tcp::endpoint& endpoint, bool shared) {
  tcp::acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && shared) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (error) throw_bind_error(endpoint, error);
  return acceptor;
}

void check_options(const ServerOptions& options, const Router& router) {
  if (options.header_bytes < 256 || options.header_bytes > 1_MiB) {
    throw Error(Code::invalid, "the limit for heads of requests must be from 256 bytes to 1 MiB");
  }
  for (const auto* route : router.routes()) {
    if (route->options.auth && !options.access) {
      throw Error(Code::invalid,
                  "route '" + route->method + " " + route->pattern + "' needs API keys, and nothing checks them",
                  "set `access:` to the component that keeps the API keys");
    }
  }
}

}  // namespace

struct Server::Impl {
  std::shared_ptr<Generation> generation;
  Host& host;
  std::shared_ptr<Core> core{};  ///< From the start on.
  bool inside = false;           ///< Started, and not stopped.

  void listen();
  bool take_over(Impl& old);
  bool leave();
  void make_current(std::shared_ptr<Generation> next);
  Task<> drain();
};

Server::Server(ServerOptions options, Router router, Host& host)
    : impl_(std::make_shared<Impl>(Impl{std::make_shared<Generation>(std::move(options), std::move(router)), host})) {}

Server::~Server() = default;

void Server::start(Server* predecessor) {
  check_options(impl_->generation->options, impl_->generation->router);
  if (predecessor && impl_->take_over(*predecessor->impl_)) return;
  impl_->listen();
  impl_->host.log().info("listening on {}", url());
}

void Server::Impl::listen() {
  auto endpoint = parse_listen(generation->options.listen);
  const auto executors = host.executors();
  // With SO_REUSEPORT the system would let this node share the port with another one of the same user, and each would
  // get half of the requests. A bind without it finds that out.
  if (endpoint.port() != 0) bound(executors.at(0), endpoint, false);
  std::vector<tcp::acceptor> acceptors;
  for (const auto& executor : executors) {
    acceptors.push_back(bound(executor, endpoint, true));
    if (endpoint.port() == 0) endpoint = acceptors.back().local_endpoint();
  }
  for (auto& acceptor : acceptors) {
    boost::system::error_code error;
    acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) throw_bind_error(endpoint, error);
  }
  core = std::make_shared<Core>(host);
  core->endpoint = endpoint;
  core->generations.push_back(generation);
  core->limiter.change(generation->options.rate);
  for (std::size_t i = 0; i < executors.size(); ++i) {
    core->workers.push_back(std::make_shared<Worker>(core, generation, executors[i], std::move(acceptors[i])));
  }
  for (const auto& worker : core->workers) Worker::start(worker);
  inside = true;
}

// Another address needs sockets of its own; those of the old one are closed when it stops.
bool Server::Impl::take_over(Impl& old) {
  if (!old.inside || old.generation->options.listen != generation->options.listen) return false;
  core = old.core;
  const std::lock_guard lock(core->mutex);
  core->generations.push_back(generation);
  make_current(generation);
  inside = true;
  return true;
}

// With the lock held.
void Server::Impl::make_current(std::shared_ptr<Generation> next) {
  core->limiter.change(next->options.rate);
  for (const auto& worker : core->workers) Worker::use(worker, next);
}

// Whether this was the last server of these sockets. Otherwise another one is current, now or already.
bool Server::Impl::leave() {
  const std::lock_guard lock(core->mutex);
  const bool current = core->generations.back() == generation;
  std::erase(core->generations, generation);
  if (core->generations.empty()) return true;
  if (current) make_current(core->generations.back());
  return false;
}

Task<> Server::stop() {
  const auto impl = impl_;
  if (!std::exchange(impl->inside, false)) co_return;
  if (impl->leave()) {
    co_await impl->drain();
    co_return;
  }
  // Somebody else serves the connections. What began here may take its time; the one that ends them bounds it.
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (impl->core->switching > 0 || impl->generation->requests > 0) {
    timer.expires_after(poll_interval);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

Task<> Server::Impl::drain() {
  const auto shared = core;
  auto& c = *shared;
  c.draining = true;
  for (const auto& worker : c.workers) Worker::stop_accepting(worker);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto begun = std::chrono::steady_clock::now();
  const auto& drain_timeout = generation->options.drain_timeout;
  bool told = false;
  while (c.tasks > 0) {
    const auto passed = std::chrono::steady_clock::now() - begun;
    const bool late = passed >= drain_timeout;
    if (late && c.requests > 0 && !told) {
      told = true;
      host.log().warning("cutting off {} requests that outlast the drain timeout of {}", c.requests.load(),
                         to_text(drain_timeout));
    }
    const bool over = late || (c.requests == 0 && passed >= std::min(idle_grace, drain_timeout));
    if (over || c.connections == 0) {
      for (const auto& worker : c.workers) Worker::close_connections(worker, late);
    }
    timer.expires_after(poll_interval);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  c.workers.clear();
}

std::uint16_t Server::port() const {
  return impl_->core ? impl_->core->endpoint.port() : 0;
}

std::string Server::url() const {
  const auto address = impl_->core ? impl_->core->endpoint.address() : asio::ip::address();
  const auto host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return fmt::format("http://{}:{}", host, port());
}

Server::Status Server::status() const {
  if (!impl_->core) return {};
  const auto& core = *impl_->core;
  return {core.connections, core.requests, core.served};
}

void ServerOptions::declare(Options& o) {
  o.text("listen", listen, "Address and port to serve; port 0 takes any free one.");
  o.size("header_limit", header_bytes, {1_KiB, 1_MiB}, "Longest head of a request.");
  o.size("json_limit", json_bytes, {1_KiB, 1_GiB}, "Longest JSON body of a request.");
  o.duration("header_timeout", header_timeout, {Milliseconds(100), Milliseconds(600'000)},
             "Time for a client to send the head of a request.");
  o.duration("idle_timeout", idle_timeout, {Milliseconds(100), Milliseconds(3'600'000)},
             "How long a connection may stay open between two requests.");
  o.duration("body_timeout", body_timeout, {Milliseconds(100), Milliseconds(3'600'000)},
             "Time for a client to send the next KiB of a body.");
  o.duration("write_timeout", write_timeout, {Milliseconds(100), Milliseconds(3'600'000)},
             "Time for a client to take the next bytes of a response.");
  o.duration("drain_timeout", drain_timeout, {Milliseconds(0), Milliseconds(600'000)},
             "Time for requests under way to end when the node stops.");
  o.number("max_connections", max_connections, Bounds<std::uint32_t>{1, 1'000'000},
           "Connections at once; further ones are turned away.");
  o.list("trusted_proxies", trusted_proxies,
         "Reverse proxies, as addresses or networks, whose X-Forwarded-For counts.");
  o.number("rate_per_second", rate.per_second, Bounds<std::uint32_t>{0, 1'000'000},
           "Requests per second of one client; 0 for no limit.");
  o.number("rate_burst", rate.burst, Bounds<std::uint32_t>{1, 1'000'000}, "Requests that one client may send at once.");
}

}  // namespace drawbridge::http
