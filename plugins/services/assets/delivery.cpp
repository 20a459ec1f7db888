#include "delivery.h"

#include <algorithm>

namespace drawbridge {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds first_delay = 1s;
constexpr Milliseconds longest_delay = 60s;
constexpr Milliseconds look_every = 1s;
constexpr std::size_t time_bytes = 8;

}  // namespace

Spool::Spool(Host& host, Records& records, std::string prefix, Milliseconds keep, Work work)
    : host_(host),
      records_(records),
      prefix_(std::move(prefix)),
      keep_(keep),
      work_(std::move(work)),
      bell_(host.executor()) {}

void Spool::put(Batch& batch, const std::string& peer, const std::string& what, BytesView payload) const {
  Bytes value;
  append_u64be(value, static_cast<std::uint64_t>(unix_ms(host_.clock().now())));
  append(value, payload);
  batch.put(prefix_ + peer + "/" + what, std::move(value));
}

void Spool::erase(Batch& batch, const std::string& peer, const std::string& what) const {
  batch.erase(prefix_ + peer + "/" + what);
}

void Spool::ring(const std::string& peer) {
  {
    const std::lock_guard lock(mutex_);
    backoff_.erase(peer);
  }
  bell_.ring();
}

Task<> Spool::run() {
  for (;;) {
    try {
      co_await sweep();
    } catch (const Error& error) {
      host_.log().error("the spool '{}' cannot be read: {}", prefix_, error.what());
    }
    co_await bell_.wait(look_every);
  }
}

Task<> Spool::sweep() {
  Key after;
  for (bool more = true; more;) {
    const Records::Page page = co_await records_.scan(prefix_, after, 64);
    for (const Record& record : page.records) {
      after = record.key;
      co_await attempt(record);
    }
    more = page.more;
  }
}

Task<> Spool::attempt(const Record& record) {
  const std::size_t slash = record.key.find('/', prefix_.size());
  const std::string peer = record.key.substr(prefix_.size(), slash - prefix_.size());
  const std::string what = record.key.substr(slash + 1);
  if (waiting(peer) || waiting(record.key)) co_return;
  bool done = false;
  std::optional<Error> failure;
  try {
    co_await work_(peer, what, to_bytes(BytesView(record.value).subspan(time_bytes)));
    done = true;
  } catch (const Error& error) {
    failure = error;
  }
  if (failure) {
    // A peer that cannot be reached holds up all that is for it; a refusal, only what was refused.
    failed(failure->code() == Code::unavailable ? peer : record.key, *failure);
    done = failure->code() == Code::gone ||
           host_.clock().now() - from_unix_ms(static_cast<std::int64_t>(load_u64be(record.value))) > keep_;
    if (done) host_.log().error("gave up '{}' for {}: {}", what, peer, failure->what());
  }
  if (done) {
    Batch batch;
    batch.erase(record.key);
    co_await records_.commit(std::move(batch));
    forget(record.key);
    if (!failure) forget(peer);
  }
}

void Spool::forget(const std::string& what) {
  const std::lock_guard lock(mutex_);
  backoff_.erase(what);
}

void Spool::failed(const std::string& what, const Error& error) {
  const std::lock_guard lock(mutex_);
  Backoff& backoff = backoff_[what];
  if (backoff.delay == 0ms) host_.log().warning("{} has to wait: {}", what, error.what());
  backoff.delay = std::clamp(backoff.delay * 2, first_delay, longest_delay);
  backoff.until = host_.clock().now() + backoff.delay;
}

bool Spool::waiting(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  const auto found = backoff_.find(what);
  return found != backoff_.end() && host_.clock().now() < found->second.until;
}

}  // namespace drawbridge
