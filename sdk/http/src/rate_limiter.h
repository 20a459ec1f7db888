#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "drawbridge/http/server.h"

namespace drawbridge::http {

/// Token buckets by client, in a table of bounded size: beyond it the client that was not seen for longest is
/// forgotten. Thread-safe.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RateLimiter(RateLimit limit, std::size_t max_clients = 65'536);

  /// Other bounds for the same clients: what they have left, they keep, as far as the new burst allows.
  void change(RateLimit limit);

  bool enabled() const { return enabled_; }
  /// Takes a token. Returns 0, or in how many whole seconds (at least 1) there is one again.
  unsigned take(std::string_view client, Time now);
  std::size_t clients() const;

 private:
  struct Bucket {
    std::string client;
    double tokens;
    Time filled;
  };
  using Buckets = std::list<Bucket>;

  Bucket& bucket(std::string_view client, Time now);

  const std::size_t max_clients_;
  std::atomic<bool> enabled_;
  mutable std::mutex mutex_;
  RateLimit limit_;
  Buckets buckets_;                                                    // the most recently seen first
  std::unordered_map<std::string_view, Buckets::iterator> by_client_;  // views of the names in the list
};

}  // namespace drawbridge::http
