#pragma once

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <deque>

#include "kernel/isolation/link.h"

namespace drawbridge::kernel::isolation {

/// One socket of a link, and the I/O thread that reads it. What arrives is served on that thread; anybody may send.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Fd socket, asio::any_io_executor executor, const Link::Limits& limits);

  void begin(const std::shared_ptr<Link>& link);
  bool on_this_thread() const;

  /// Sends a request, or fails it: completes `waiting` in any case, though never inside of this call. The number of the
  /// call, or 0.
  std::uint64_t request(Link& link, std::shared_ptr<Waiting> waiting, Header header, Outgoing message, bool limited);
  void cancel(Link& link, std::uint64_t id);
  void send(Link& link, Header header, Outgoing message);

  void expire(Link& link);
  /// Ends the connection and fails its calls.
  void fail(const Error& error);

 private:
  using Clock = std::chrono::steady_clock;
  struct Call {
    std::shared_ptr<Waiting> waiting;  ///< Null once nobody waits for it any more.
    Clock::time_point deadline;
  };
  struct Serving {
    asio::cancellation_signal signal;
  };

  void wait_readable(std::shared_ptr<Link> link);
  void read(const std::shared_ptr<Link>& link);
  void take(const std::shared_ptr<Link>& link, Incoming message);
  void answer(Link& link, Incoming message);
  void serve(const std::shared_ptr<Link>& link, Incoming message);
  void ended(Link& link, std::uint64_t id, const std::exception_ptr& failure, Outgoing answer);
  void wait_writable(std::shared_ptr<Link> link);

  asio::posix::stream_descriptor socket_;
  const Link::Limits limits_;
  FrameReader reader_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Serving>> serving_;  // on the channel's thread only

  std::mutex mutex_;  // of all below
  bool failed_ = false;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Call> calls_;
  std::deque<Bytes> queue_;
  std::size_t queue_begin_ = 0;  ///< What of the first has been sent.
  std::size_t queued_bytes_ = 0;
};

}  // namespace drawbridge::kernel::isolation
