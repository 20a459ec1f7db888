#include "delivery.h"

#include <algorithm>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace drawbridge {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds first_delay = 1s;
constexpr Milliseconds longest_delay = 60s;
constexpr Milliseconds look_every = 1s;
constexpr std::size_t time_bytes = 8;
constexpr std::size_t page = 64;
constexpr std::size_t count_page = 1024;

/// The exception that is being handled, as an Error.
Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    return {Code::internal, error.what()};
  } catch (...) {
    return {Code::internal, "an unknown exception"};
  }
}

}  // namespace

Spool::Spool(Host& host, Records& records, Turns& turns, std::string prefix, Milliseconds keep, Work work)
    : host_(host),
      records_(records),
      turns_(turns),
      prefix_(std::move(prefix)),
      keep_(keep),
      work_(std::move(work)),
      bell_(host.executor()) {}

void Spool::start() {
  tasks_.spawn(host_.executor(), run());
}

Task<> Spool::stop() {
  co_await tasks_.stop();
  turn_.reset();
}

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
    if (const auto found = serving_.find(peer); found != serving_.end()) found->second = true;
  }
  bell_.ring();
}

Task<std::uint64_t> Spool::size() const {
  std::uint64_t count = 0;
  Key after;
  for (bool more = true; more;) {
    const Records::Page found = co_await records_.scan(prefix_, after, count_page);
    count += found.records.size();
    if (!found.records.empty()) after = found.records.back().key;
    more = found.more;
  }
  co_return count;
}

Task<> Spool::run() {
  Turns::Turn turn = co_await turns_.take(prefix_);
  turn_.emplace(std::move(turn));
  for (;;) {
    std::optional<Error> failure;
    try {
      co_await sweep();
    } catch (...) {
      failure = current_error();
    }
    // What is thrown because this task is to end is no failure; nor is it, below, for the tries.
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    if (failure) host_.log().error("the spool '{}' cannot be read: {}", prefix_, failure->what());
    co_await bell_.wait(look_every);
  }
}

/// Begins to serve each peer that has entries and is not in its backoff. One record a peer is read for that.
Task<> Spool::sweep() {
  for (;;) {
    const Records::Page first = co_await records_.scan(prefix_, swept_, 1);
    if (first.records.empty()) break;
    const Key& key = first.records.front().key;
    const std::string peer = key.substr(prefix_.size(), key.find('/', prefix_.size()) - prefix_.size());
    if (begin(peer) == Begun::full) co_return;  // the next sweep goes on with this peer
    swept_ = prefix_ + peer + "0";              // '0' follows '/': behind all entries of the peer
  }
  swept_.clear();
}

Spool::Begun Spool::begin(const std::string& peer) {
  if (waiting(peer)) return Begun::no;
  {
    const std::lock_guard lock(mutex_);
    if (serving_.contains(peer)) return Begun::no;
    held_up_ = serving_.size() >= max_peers;
    if (held_up_) return Begun::full;
    serving_.emplace(peer, false);
  }
  tasks_.spawn(host_.executor(), serve(peer));
  return Begun::yes;
}

/// Whether to look at the peer's entries once more; else its turn is over.
bool Spool::again(const std::string& peer) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = serving_.find(peer);
    if (std::exchange(found->second, false)) return true;
    serving_.erase(found);
    if (!std::exchange(held_up_, false)) return false;
  }
  bell_.ring();
  return false;
}

Task<> Spool::serve(std::string peer) {
  for (bool more = true; more;) {
    std::optional<Error> failure;
    try {
      co_await serve_entries(peer);
    } catch (...) {
      failure = current_error();
    }
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    if (failure) failed(peer, *failure);
    more = again(peer);
  }
}

Task<> Spool::serve_entries(const std::string& peer) {
  const Key prefix = prefix_ + peer + "/";
  Key after;
  for (bool more = true; more;) {
    const Records::Page entries = co_await records_.scan(prefix, after, page);
    for (const Record& record : entries.records) {
      if (waiting(peer)) co_return;
      after = record.key;
      if (!waiting(record.key)) co_await attempt(peer, record);
    }
    more = entries.more;
  }
}

/// What the try threw, if it did. Throws when this task is to end, so that a cancelled try counts for nothing.
Task<std::optional<Error>> Spool::try_once(const std::string& peer, const std::string& what, const Record& record) {
  std::optional<Error> failure;
  try {
    if (record.value.size() < time_bytes) throw Error(Code::corrupt, "the entry is cut short");
    Bytes payload = to_bytes(BytesView(record.value).subspan(time_bytes));
    co_await work_(peer, what, std::move(payload));
  } catch (...) {
    failure = current_error();
  }
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  const bool ended = state.cancelled() != asio::cancellation_type::none;
  if (ended && failure) throw Error(Code::unavailable, "the node is stopping");
  co_return failure;
}

Task<> Spool::attempt(const std::string& peer, const Record& record) {
  const std::string what = record.key.substr(prefix_.size() + peer.size() + 1);
  const std::optional<Error> failure = co_await try_once(peer, what, record);
  if (failure) {
    // A peer that cannot be reached holds up all that is for it; a refusal, only what was refused.
    failed(failure->code() == Code::unavailable ? peer : record.key, *failure);
    if (failure->code() != Code::gone && !too_old(record)) co_return;
    host_.log().error("gave up '{}' for {}: {}", what, peer, failure->what());
  }
  Batch batch;
  batch.erase(record.key);
  co_await records_.commit(std::move(batch));
  forget(record.key);
  if (!failure) forget(peer);
}

bool Spool::too_old(const Record& record) const {
  if (record.value.size() < time_bytes) return true;  // no entry of this spool: trying again is of no use
  return host_.clock().now() - from_unix_ms(static_cast<std::int64_t>(load_u64be(record.value))) > keep_;
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
