#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "drawbridge/http/server.h"
#include "proxies.h"
#include "rate_limiter.h"

namespace drawbridge::http {

class Worker;

/// What one Server says: how and by whom requests are served. A server that takes over the sockets of another one makes
/// its own generation the current one; a request keeps that under which it began.
struct Generation {
  Generation(ServerOptions its_options, Router its_router)
      : options(std::move(its_options)), router(std::move(its_router)), proxies(options.trusted_proxies) {}

  const ServerOptions options;
  const Router router;
  const Proxies proxies;
  std::atomic<std::uint64_t> requests{0};  ///< Under way.
};

/// What all connections share, of all servers that had these sockets one after the other. Outlives every connection.
struct Core {
  explicit Core(Host& its_host) : host(its_host) {}

  Host& host;
  RateLimiter limiter{RateLimit{}};  ///< With the limit of the current generation.
  asio::ip::tcp::endpoint endpoint;
  std::vector<std::shared_ptr<Worker>> workers;

  std::mutex mutex;
  std::vector<std::shared_ptr<Generation>> generations;  ///< Of servers that have not stopped; the last is current.

  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> tasks{0};      ///< Coroutines that still run: connections, acceptors, sweepers.
  std::atomic<std::uint64_t> switching{0};  ///< Workers that have not heard yet which generation is current.
};

}  // namespace drawbridge::http
