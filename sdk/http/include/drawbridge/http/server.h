#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/access.h"
#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/host.h"
#include "drawbridge/http/router.h"

namespace drawbridge {
class Options;
}

namespace drawbridge::http {

/// A token bucket per client (the API key, else the address; an IPv6 address by its /64).
struct RateLimit {
  std::uint32_t per_second = 0;  ///< 0: no limit.
  std::uint32_t burst = 1;
};

struct DRAWBRIDGE_API ServerOptions {
  std::string listen = "127.0.0.1:8081";  ///< "address:port", "[::1]:8081", "localhost:0"; port 0: any free one.
  std::uint64_t header_bytes = 16_KiB;    ///< Longest head of a request; beyond it 431.
  std::uint64_t json_bytes =
      24_MiB;  ///< Longest JSON body; beyond it 413. Streamed bodies are bounded by their handler.
  Milliseconds header_timeout{10'000};         ///< For a whole head, from its first byte (or from the connection).
  Milliseconds idle_timeout{75'000};           ///< Between two requests of a connection.
  Milliseconds body_timeout{30'000};           ///< Waiting for each 1 KiB of a request's body.
  Milliseconds write_timeout{30'000};          ///< Until a slow client takes the next bytes.
  Milliseconds drain_timeout{10'000};          ///< For requests under way when the server stops.
  std::uint32_t max_connections = 4096;        ///< Further ones get 503 and are closed.
  std::vector<std::string> trusted_proxies{};  ///< Addresses or networks ("10.0.0.0/8") whose X-Forwarded-For counts.
  RateLimit rate{};
  Access* access = nullptr;  ///< Checks the API keys; outlives the server. Needed unless every route is open.

  /// Declares all of the above (but `access`) as options of a component, with the present values as defaults.
  void declare(Options& options);
};

/// An HTTP/1.1 server for API plugins: one acceptor and one set of connections for each of the host's I/O threads.
///
///     server_ = std::make_unique<http::Server>(options_, std::move(router), host);   // in Component::start
///     server_->start();
///     …
///     co_await server_->stop();                                                      // in Component::stop
///
/// A request is refused (401, 403, 404, 405, 429, 503) before a byte of its body is read. Handlers run on the I/O
/// thread of their connection and must not block it. `start` and `stop` are called by one task at a time.
class DRAWBRIDGE_API Server {
 public:
  /// No side effects. `host` outlives the server.
  Server(ServerOptions options, Router router, Host& host);
  /// `stop` must have ended when `start` was called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens. Throws Error{invalid} for options that make no sense (a route that needs keys without
  /// `access`), Error{unavailable} when the address cannot be had.
  ///
  /// With a `predecessor` that listens at the same address and has not stopped, its sockets and connections are taken
  /// over: further requests, also of connections that are open, are served by this server, those under way by the one
  /// that began them. Whichever of the two stops, the other goes on. Both have the same host.
  void start(Server* predecessor = nullptr);

  /// Accepts no more, answers new requests on kept connections with 503, waits for those under way until the drain
  /// timeout, then cuts them off, and returns when no handler runs any more. Safe when never started, and twice.
  /// While another server has the sockets, it only waits for the requests that this one began.
  Task<> stop();

  /// The real port, also when 0 was asked for; 0 before `start`.
  std::uint16_t port() const;
  /// "http://127.0.0.1:8081"
  std::string url() const;

  struct Status {
    std::uint64_t connections = 0;  ///< Open now.
    std::uint64_t requests = 0;     ///< Under way now.
    std::uint64_t served = 0;       ///< Responses since the start.
  };
  /// Thread-safe.
  Status status() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace drawbridge::http
