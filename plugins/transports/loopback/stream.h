#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "drawbridge/transport.h"
#include "drawbridge/wakeup.h"

namespace drawbridge::loopback {

/// What the two ends of one stream share. End 0 opened it, end 1 serves it.
class Pair {
 public:
  explicit Pair(std::uint64_t max_queued_bytes) : max_queued_bytes_(max_queued_bytes) {}

  /// Whether the message was taken; false when the queue is full. Throws what ended the stream.
  bool push(int end, Bytes& message);
  struct Next {
    bool ready = false;  ///< Otherwise wait.
    std::optional<Bytes> message;
  };
  Next pop(int end);
  void finish(int end);

  /// The handler is done: its end is finished, and what the other end still sends is dropped.
  void complete(int end);
  /// The calls of `end` throw this from now on, after what was sent before.
  void fail(int end, const Error& error);
  /// The end is gone: the other one learns of it unless both had finished.
  void drop(int end);

  Wakeup changed;

 private:
  struct End {
    std::deque<Bytes> inbox;
    std::uint64_t inbox_bytes = 0;
    bool finished = false;    ///< Sends no more.
    bool discarding = false;  ///< Takes no more.
    std::optional<Error> failure;
  };

  const std::uint64_t max_queued_bytes_;
  std::mutex mutex_;
  std::array<End, 2> ends_;
};

class LoopbackStream final : public Stream {
 public:
  LoopbackStream(std::shared_ptr<Pair> pair, int end, std::string peer)
      : pair_(std::move(pair)), end_(end), peer_(std::move(peer)) {}
  ~LoopbackStream() override { pair_->drop(end_); }

  const std::string& peer() const override { return peer_; }
  Task<> send(Bytes message) override;
  Task<std::optional<Bytes>> receive() override;
  Task<> finish() override;

 private:
  std::shared_ptr<Pair> pair_;
  int end_;
  std::string peer_;
};

}  // namespace drawbridge::loopback
