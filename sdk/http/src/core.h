#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "drawbridge/http/server.h"
#include "proxies.h"
#include "rate_limiter.h"

namespace drawbridge::http {

class Worker;

/// What all connections of a server share. Outlives every one of them.
struct Core {
  Core(ServerOptions its_options, Router its_router, Host& its_host)
      : options(std::move(its_options)),
        router(std::move(its_router)),
        host(its_host),
        limiter(options.rate),
        proxies(options.trusted_proxies) {}

  const ServerOptions options;
  const Router router;
  Host& host;
  RateLimiter limiter;
  const Proxies proxies;

  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> tasks{0};  ///< Coroutines that still run: connections, acceptors, sweepers.
};

}  // namespace drawbridge::http
