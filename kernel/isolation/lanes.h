#pragma once

#include <chrono>
#include <condition_variable>
#include <thread>

#include "kernel/isolation/link.h"

namespace drawbridge::kernel::isolation {

/// The lanes on which this side calls.
class LaneClients {
 public:
  LaneClients(std::vector<Fd> sockets, const Link::Limits& limits);
  /// Blocks until the answer is there. Fails the link when there is none in time, for the lane is then of no more use.
  Incoming call(Link& link, Header header, Outgoing message);
  /// Wakes all who wait.
  void fail();

 private:
  struct Lane {
    Fd socket;
    FrameReader reader;
  };
  Lane& acquire(Link& link, std::chrono::steady_clock::time_point deadline);
  void release(Lane& lane);

  std::vector<Lane> lanes_;
  const Link::Limits limits_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Lane*> free_;
  bool failed_ = false;
};

/// The lanes on which this side answers, a thread for each.
class LaneServers {
 public:
  explicit LaneServers(std::vector<Fd> sockets) : sockets_(std::move(sockets)) {}
  ~LaneServers();
  /// `link` outlives this.
  void begin(Link& link);
  void fail();
  void join();

 private:
  static void run(Link& link, int socket);

  const std::vector<Fd> sockets_;
  std::vector<std::thread> threads_;
};

}  // namespace drawbridge::kernel::isolation
