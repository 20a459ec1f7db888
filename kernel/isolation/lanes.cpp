#include "kernel/isolation/lanes.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "kernel/isolation/methods.h"

namespace drawbridge::kernel::isolation {
namespace {

using Clock = std::chrono::steady_clock;

/// The other side is gone.
struct Closed {};
/// It took too long.
struct Late {};

/// Blocks, until the deadline.
void wait(int socket, short events, Clock::time_point deadline) {
  for (;;) {
    int limit = -1;
    if (deadline != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) throw Late();
      limit = static_cast<int>(std::min<std::int64_t>(left, 1'000'000));
    }
    pollfd one{socket, events, 0};
    const int ready = ::poll(&one, 1, limit);
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw Closed();
  }
}

void send_all(int socket, BytesView bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const auto done = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait(socket, POLLOUT, deadline);
    } else if (errno != EINTR) {
      throw Closed();
    }
  }
}

/// The next message of a lane, on which there is never more than one.
Incoming receive(Link& link, int socket, FrameReader& reader, Clock::time_point deadline) {
  for (;;) {
    // Without a deadline the receive itself waits: one system call in place of three.
    const bool forever = deadline == Clock::time_point::max();
    if (!forever) wait(socket, POLLIN, deadline);
    const auto space = reader.space();
    const auto got = ::recv(socket, space.data(), space.size(), forever ? 0 : MSG_DONTWAIT);
    reader.received(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) throw Closed();
    if (auto message = reader.next()) {
      if (message->header.slot != Header::no_slot) message->slot = link.arena().received(message->header.slot);
      return std::move(*message);
    }
  }
}

}  // namespace

LaneClients::LaneClients(std::vector<Fd> sockets, const Link::Limits& limits) : limits_(limits) {
  lanes_.reserve(sockets.size());
  for (auto& socket : sockets) lanes_.push_back({std::move(socket), {}});
  for (auto& lane : lanes_) free_.push_back(&lane);
}

LaneClients::Lane& LaneClients::acquire(Link& link, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return failed_ || !free_.empty(); };
  if (deadline == Clock::time_point::max()) {
    freed_.wait(lock, ready);
  } else if (!freed_.wait_until(lock, deadline, ready)) {
    throw Error(Code::busy, "too many calls wait for a component in its own process", "retry in a moment");
  }
  if (failed_) throw link.gone();
  Lane& lane = *free_.back();
  free_.pop_back();
  return lane;
}

void LaneClients::release(Lane& lane) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(&lane);
  }
  freed_.notify_one();
}

Incoming LaneClients::call(Link& link, Header header, Outgoing message) {
  const auto deadline = limits_.call.count() == 0 ? Clock::time_point::max() : Clock::now() + limits_.call;
  Lane& lane = acquire(link, deadline);
  Incoming answer;
  try {
    message.address(header);
    send_all(lane.socket.get(), message.frame, deadline);
    answer = receive(link, lane.socket.get(), lane.reader, deadline);
    if (answer.header.kind != Kind::reply && answer.header.kind != Kind::error) throw Malformed("it is no answer");
  } catch (const Closed&) {
    link.fail("");
    throw link.gone();
  } catch (const Late&) {
    link.fail("did not answer within " + to_text(limits_.call));
    throw link.gone();
  } catch (const Malformed& broken) {
    link.fail(std::string("sent what is no message: ") + broken.what());
    throw link.gone();
  }
  release(lane);
  return answer;
}

void LaneClients::fail() {
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  freed_.notify_all();
  for (const auto& lane : lanes_) ::shutdown(lane.socket.get(), SHUT_RDWR);
}

LaneServers::~LaneServers() {
  fail();
  join();
}

void LaneServers::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void LaneServers::begin(Link& link) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  for (const auto& socket : sockets_) {
    threads_.emplace_back([&link, fd = socket.get()] { run(link, fd); });
    ::pthread_setname_np(threads_.back().native_handle(), "isolation-lane");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LaneServers::fail() {
  for (const auto& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
}

void LaneServers::run(Link& link, int socket) {
  FrameReader reader;
  constexpr auto forever = Clock::time_point::max();
  try {
    for (;;) {
      Incoming message = receive(link, socket, reader, forever);
      const auto header = message.header;
      const Method* method = header.kind == Kind::request ? find_method(header.method) : nullptr;
      if (method == nullptr || method->blocks == nullptr) throw Malformed("there is no such call");
      if (!link.trusts_peer()) message.own();
      Header answer_header{.id = header.id, .kind = Kind::reply};
      Outgoing answer;
      try {
        const auto object = link.objects().find(header.target, static_cast<std::uint8_t>(header.method >> 8));
        answer = method->blocks(link, object.get(), message);
        answer_header.target = answer.object;
      } catch (const Malformed&) {
        throw;
      } catch (...) {
        answer_header.kind = Kind::error;
        answer = compose_error(link.arena(), std::current_exception());
      }
      answer.address(answer_header);
      send_all(socket, answer.frame, forever);
    }
  } catch (const Closed&) {
    link.fail("");
  } catch (const Malformed& broken) {
    link.fail(std::string("sent what is no call: ") + broken.what());
  }
}

}  // namespace drawbridge::kernel::isolation
