#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/ledger.h"
#include "drawbridge/wakeup.h"
#include "group.h"
#include "store.h"

namespace drawbridge {

/// Where a log is stored, and who signs its head: what one component was given.
struct LogSource {
  const void* user = nullptr;
  Ref<Records> records;
  Ref<Identity> identity;

  Store store() const { return Store(*records); }
};

/// The log of a node: its head, and the one writer of it. When a reload replaces the component, the new one joins the
/// log of the old, so that there is never a second head over the same records.
///
/// Readers work on a snapshot of the head: what they read may be newer, and then begins with what they look for. One
/// coroutine at a time writes; it alone touches the edge. Thread-safe; its tasks keep it alive.
class LedgerLog : public std::enable_shared_from_this<LedgerLog> {
 public:
  explicit LedgerLog(Host& host) : host_(host) {}

  /// Reads and checks the stored log; the first thing, once.
  Task<> open(LogSource source);
  /// Another component appends through this log from now on; its source is as good as the others.
  void join(LogSource source);
  /// Returns when the source of this user is needed no more. The last one to leave commits what was accepted, and then
  /// the log has ended.
  Task<> leave(const void* user);

  /// Throws unavailable when the log has ended.
  std::shared_ptr<const Head> snapshot() const;
  Task<LedgerEvent> append(EventDraft event, std::size_t max_waiting);
  /// Damage that anyone finds stops all further appends.
  void notice(const Error& error);
  Health health() const;

 private:
  /// Who waits for an event, and on which executor it goes on.
  struct Waiter {
    asio::any_io_executor executor;
    asio::any_completion_handler<void(std::exception_ptr, LedgerEvent)> handler;
  };
  /// Appends that are committed together, and who waits for each.
  struct Group {
    std::vector<Draft> drafts;
    std::vector<Waiter> waiters;
    LogSource source;
  };
  struct Loaded {
    std::shared_ptr<const Head> head;
    Edge edge;
  };

  static Task<Loaded> load(LogSource source);
  Task<> reload(LogSource source);
  Task<> reload_if_needed(LogSource source);
  bool must_reload() const;

  static void complete(Waiter waiter, std::exception_ptr failure, LedgerEvent event);
  void enqueue(Draft draft, Waiter waiter, std::size_t max_waiting);
  std::optional<Error> refuse(std::size_t max_waiting) const;
  static Task<> write_all(std::shared_ptr<LedgerLog> self);
  Group take_group();
  Task<> write(Group& group);
  Task<std::vector<LedgerEvent>> commit(const std::vector<Draft>& drafts, LogSource source);
  Task<> after_failure(Error& failure, LogSource source);

  Host& host_;
  Edge edge_;  // The writer's.
  Wakeup changed_;

  mutable std::mutex mutex_;        // Guards what follows.
  std::vector<LogSource> sources_;  // The last one is written to.
  const void* writing_for_ = nullptr;
  std::shared_ptr<const Head> head_;
  std::deque<Draft> drafts_;
  std::deque<Waiter> waiters_;
  std::optional<Error> damage_;
  bool writing_ = false;
  bool stopping_ = false;
  bool reload_ = false;
};

}  // namespace drawbridge
