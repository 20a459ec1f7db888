#include "rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace drawbridge::http {

RateLimiter::RateLimiter(RateLimit limit, std::size_t max_clients)
    : max_clients_(std::max<std::size_t>(1, max_clients)),
      enabled_(limit.per_second > 0),
      limit_{limit.per_second, std::max(1U, limit.burst)} {}

void RateLimiter::change(RateLimit limit) {
  const std::lock_guard lock(mutex_);
  limit_ = {limit.per_second, std::max(1U, limit.burst)};
  enabled_ = limit.per_second > 0;
}

unsigned RateLimiter::take(std::string_view client, Time now) {
  if (!enabled()) return 0;
  const std::lock_guard lock(mutex_);
  if (limit_.per_second == 0) return 0;
  auto& own = bucket(client, now);
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - own.filled).count());
  own.tokens = std::min<double>(limit_.burst, own.tokens + seconds * limit_.per_second);
  own.filled = std::max(own.filled, now);
  if (own.tokens >= 1) {
    own.tokens -= 1;
    return 0;
  }
  return static_cast<unsigned>(std::max(1.0, std::ceil((1 - own.tokens) / limit_.per_second)));
}

RateLimiter::Bucket& RateLimiter::bucket(std::string_view client, Time now) {
  if (const auto found = by_client_.find(client); found != by_client_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    return buckets_.front();
  }
  if (buckets_.size() >= max_clients_) {
    by_client_.erase(buckets_.back().client);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string(client), static_cast<double>(limit_.burst), now});
  by_client_.emplace(buckets_.front().client, buckets_.begin());
  return buckets_.front();
}

std::size_t RateLimiter::clients() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace drawbridge::http
