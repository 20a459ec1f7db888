#include "stream.h"

#include <algorithm>

namespace drawbridge::loopback {
namespace {

// Empty messages must not make the queue unbounded.
std::uint64_t cost(const Bytes& message) {
  return std::max<std::uint64_t>(message.size(), 64);
}

}  // namespace

bool Pair::push(int end, Bytes& message) {
  {
    const std::lock_guard lock(mutex_);
    const End& own = ends_[end];
    End& other = ends_[1 - end];
    if (own.failure) throw Error(*own.failure);
    if (own.finished) throw Error(Code::invalid, "this side of the stream is finished");
    if (other.discarding) return true;
    if (other.inbox_bytes + cost(message) > max_queued_bytes_) return false;
    other.inbox_bytes += cost(message);
    other.inbox.push_back(std::move(message));
  }
  changed.notify();
  return true;
}

Pair::Next Pair::pop(int end) {
  Next next;
  {
    const std::lock_guard lock(mutex_);
    End& own = ends_[end];
    if (own.inbox.empty()) {
      if (ends_[1 - end].finished) return {true, std::nullopt};
      if (own.failure) throw Error(*own.failure);
      return {};
    }
    next = {true, std::move(own.inbox.front())};
    own.inbox.pop_front();
    own.inbox_bytes -= cost(*next.message);
  }
  changed.notify();
  return next;
}

void Pair::finish(int end) {
  {
    const std::lock_guard lock(mutex_);
    if (ends_[end].failure) throw Error(*ends_[end].failure);
    ends_[end].finished = true;
  }
  changed.notify();
}

void Pair::complete(int end) {
  {
    const std::lock_guard lock(mutex_);
    End& own = ends_[end];
    own.finished = own.discarding = true;
    own.inbox.clear();
    own.inbox_bytes = 0;
  }
  changed.notify();
}

void Pair::fail(int end, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!ends_[end].failure) ends_[end].failure.emplace(error);
  }
  changed.notify();
}

void Pair::drop(int end) {
  {
    const std::lock_guard lock(mutex_);
    End& own = ends_[end];
    End& other = ends_[1 - end];
    const bool over = own.finished && (other.finished || own.discarding);
    own.discarding = true;
    if (over || own.failure || other.failure) return;
    other.failure.emplace(Code::unavailable, "the peer dropped the stream before its end");
  }
  changed.notify();
}

Task<> LoopbackStream::send(Bytes message) {
  if (message.size() > max_message_bytes) {
    throw Error(Code::too_large, "a message has at most " + std::to_string(max_message_bytes) + " bytes");
  }
  const auto pair = pair_;
  for (;;) {
    const auto seen = pair->changed.version();
    if (pair->push(end_, message)) co_return;
    co_await pair->changed.wait(seen);
  }
}

Task<std::optional<Bytes>> LoopbackStream::receive() {
  const auto pair = pair_;
  for (;;) {
    const auto seen = pair->changed.version();
    Pair::Next next = pair->pop(end_);
    if (next.ready) co_return std::move(next.message);
    co_await pair->changed.wait(seen);
  }
}

Task<> LoopbackStream::finish() {
  pair_->finish(end_);
  co_return;
}

}  // namespace drawbridge::loopback
