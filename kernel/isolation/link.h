#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "drawbridge/task.h"
#include "kernel/isolation/fd.h"
#include "kernel/isolation/frame.h"

namespace drawbridge::kernel::isolation {

class Channel;
class LaneClients;
class LaneServers;
class Link;

/// Something that other objects call through: the link to a process, or what always knows the present one.
class DRAWBRIDGE_API LinkSource {
 public:
  virtual ~LinkSource();
  /// Throws Error{unavailable} while there is none.
  virtual std::shared_ptr<Link> link() = 0;
};

/// An object in the other process.
struct Remote {
  std::shared_ptr<LinkSource> source;
  std::uint64_t object = 0;
};

/// The objects of this process that the other one may call, by number. A number is good for one interface only.
class DRAWBRIDGE_API Objects {
 public:
  static constexpr std::uint64_t first_own = 1024;  ///< Below are those that both sides know by number.
  static constexpr std::size_t max = 65'536;

  /// Throws Error{busy} when there are too many.
  std::uint64_t add(std::uint8_t interface, std::shared_ptr<void> object);
  void set(std::uint64_t id, std::uint8_t interface, std::shared_ptr<void> object);
  /// Null when there is none, or it is of another interface.
  std::shared_ptr<void> find(std::uint64_t id, std::uint8_t interface) const;
  void drop(std::uint64_t id);
  void clear();

 private:
  struct Entry {
    std::uint8_t interface;
    std::shared_ptr<void> object;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t next_ = first_own;
};

/// Somebody who waits for an answer. Completed once.
class Waiting {
 public:
  virtual ~Waiting() = default;
  /// `now`: on this thread, if it is the waiting task's.
  virtual void complete(std::exception_ptr failure, Incoming answer, bool now) = 0;
};

/// The connection between a node and one process of it, the same on both ends: each calls objects of the other.
///
///  - *Channels*, one for each I/O thread, carry calls that wait (those which return a Task), any number at once.
///  - *Lanes* carry calls that do not wait, for a thread that blocks meanwhile: one call at a time on each, answered by
///    a thread of its own. So no call that blocks an I/O thread needs an I/O thread to be answered.
///
/// It ends once, by `fail`, a lost connection or a message that is none; then all calls fail as unavailable. All
/// methods are thread-safe but where they say otherwise.
class DRAWBRIDGE_API Link final : public LinkSource, public std::enable_shared_from_this<Link> {
 public:
  struct Sockets {
    std::vector<Fd> channels;
    std::vector<Fd> calling;  ///< Lanes on which this side calls.
    std::vector<Fd> serving;
  };
  struct Limits {
    Milliseconds call{30'000};  ///< For one call of the other side. Zero: none.
    std::size_t calls = 4096;   ///< At once, in each direction and on each channel.
  };

  Link(Sockets sockets, Fd arena, Arena::Side side, Limits limits);
  /// `close` comes first, unless it never began.
  ~Link() override;

  /// Starts to serve on these threads; calls on lanes work before.
  void begin(const std::vector<asio::any_io_executor>& executors);
  /// Starts the threads that answer on lanes.
  void begin_lanes();

  std::shared_ptr<Link> link() override;
  Arena& arena() { return arena_; }
  Objects& objects() { return objects_; }
  /// Whether what comes in may be trusted not to change while it is read.
  bool trusts_peer() const { return side_ == Arena::Side::child; }

  /// A call that waits.
  Task<Incoming> request(std::uint16_t method, std::uint64_t object, Outgoing message, bool limited);
  /// One that blocks this thread.
  Incoming call(std::uint16_t method, std::uint64_t object, Outgoing message);
  /// Nobody has that object any more. Never throws.
  void drop(std::uint64_t object) noexcept;

  /// Ends it, for this reason: "does not answer".
  void fail(const std::string& reason);
  bool failed() const;
  std::string reason() const;
  /// Called once, when it has failed, on any thread. Set before `begin`.
  void on_failure(std::function<void()> callback) { on_failure_ = std::move(callback); }
  /// Called by `close`.
  void at_close(std::function<void()> callback);

  /// Fails the calls that are overdue; and the link, when one stays unanswered for as long again after it was
  /// cancelled.
  void expire();
  /// Fails it, waits for the threads of its lanes, lets go of all objects. Not from a lane's thread. Safe twice.
  void close();

 private:
  friend class Channel;
  friend class LaneClients;
  friend class LaneServers;

  Channel& pick() const;
  void begin_request(std::shared_ptr<Waiting> waiting, std::uint16_t method, std::uint64_t object, Outgoing message,
                     bool limited, std::function<void(std::function<void()>)> on_cancel);
  Error gone() const;

  const Arena::Side side_;
  const Limits limits_;
  Arena arena_;
  Objects objects_;
  Sockets sockets_;
  std::vector<std::shared_ptr<Channel>> channels_;
  std::unique_ptr<LaneClients> clients_;
  std::unique_ptr<LaneServers> servers_;
  mutable std::mutex mutex_;
  bool failed_ = false;
  bool closed_ = false;
  std::string reason_;
  std::function<void()> on_failure_;
  std::vector<std::function<void()>> at_close_;
};

}  // namespace drawbridge::kernel::isolation
