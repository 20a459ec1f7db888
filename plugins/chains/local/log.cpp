#include "log.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "drawbridge/merkle.h"
#include "inspect.h"
#include "reading.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_group = 1024;
constexpr std::size_t max_group_bytes = 4_MiB;
constexpr std::size_t much_drafts = 64;

Checkpoint own_checkpoint(const std::string& note, const std::string& origin, const Identity& identity) {
  try {
    return verify_checkpoint(note, origin, identity.node_key().public_key);
  } catch (const Error& error) {
    throw Error(Code::corrupt, "ledger: " + std::string(error.what()),
                "restore this node's records from a backup; a node with a new identity needs new records");
  }
}

}  // namespace

// Who uses it

Task<> LedgerLog::open(LogSource source) {
  Loaded loaded = co_await load(source);
  host_.log().info("{} events in {}", loaded.head->checkpoint.size, loaded.head->checkpoint.origin);
  edge_ = std::move(loaded.edge);
  const std::lock_guard lock(mutex_);
  head_ = std::move(loaded.head);
  sources_.push_back(std::move(source));
}

void LedgerLog::join(LogSource source) {
  const std::lock_guard lock(mutex_);
  sources_.push_back(std::move(source));
}

Task<> LedgerLog::leave(const void* user) {
  const auto self = shared_from_this();
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = sources_.size() == 1 && sources_.front().user == user;
    if (last) {
      stopping_ = true;  // the source stays for what was accepted
    } else if (std::erase_if(sources_, [user](const LogSource& source) { return source.user == user; }) == 0) {
      co_return;
    }
  }
  for (;;) {
    const auto seen = changed_.version();
    {
      const std::lock_guard lock(mutex_);
      if (last ? !writing_ : writing_for_ != user) break;
    }
    co_await changed_.wait(seen);
  }
  const std::lock_guard lock(mutex_);
  if (last) head_.reset();
}

std::shared_ptr<const Head> LedgerLog::snapshot() const {
  const std::lock_guard lock(mutex_);
  if (!head_) throw Error(Code::unavailable, "the ledger is not running");
  return head_;
}

void LedgerLog::notice(const Error& error) {
  if (error.code() != Code::corrupt) return;
  host_.log().error("{}", error.what());
  const std::lock_guard lock(mutex_);
  if (!damage_) damage_.emplace(error);
}

Health LedgerLog::health() const {
  const std::lock_guard lock(mutex_);
  if (damage_) return {Health::State::failed, damage_->what()};
  if (reload_) return {Health::State::degraded, "the last append failed; the log is read again before the next"};
  return {};
}

Task<LedgerEvent> LedgerLog::append(EventDraft event, std::size_t max_waiting) {
  snapshot();
  Draft draft = make_draft(std::move(event), host_.random());
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto wait_for_commit = [this, executor, max_waiting, draft = std::move(draft)](auto handler) mutable {
    enqueue(std::move(draft), {executor, std::move(handler)}, max_waiting);
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, LedgerEvent)>(
      std::move(wait_for_commit), asio::use_awaitable);
}

// Loading

Task<LedgerLog::Loaded> LedgerLog::load(LogSource source) {
  const std::string origin = log_origin(source.identity->node_id());
  const std::optional<std::string> note = co_await source.store().checkpoint();
  auto head = std::make_shared<Head>();
  if (!note) {
    const bool empty = co_await source.store().empty();
    if (!empty) throw damage("checkpoint: missing, although there are entries");
    head->checkpoint = {origin, 0, merkle_empty_root()};
    head->note = sign_checkpoint(head->checkpoint, source.identity->node_key().seed);
    co_return Loaded{std::move(head), Edge()};
  }
  head->checkpoint = own_checkpoint(*note, origin, *source.identity);
  head->note = *note;
  head->stored = true;
  Edge edge = co_await load_edge(source.store(), head->checkpoint);
  co_return Loaded{std::move(head), std::move(edge)};
}

/// After a failed commit nobody knows what is stored. Never throws: what is wrong stands in damage_ or reload_ then.
Task<> LedgerLog::reload(LogSource source) {
  try {
    Loaded loaded = co_await load(source);
    const Checkpoint old = snapshot()->checkpoint;
    co_await check_extends(source.store(), old, loaded.head->checkpoint);
    edge_ = std::move(loaded.edge);
    const std::lock_guard lock(mutex_);
    head_ = std::move(loaded.head);
    reload_ = false;
  } catch (const Error& error) {
    notice(error);
    host_.log().warning("reading the log again: {}", error.what());
  } catch (const std::exception& error) {
    host_.log().warning("reading the log again: {}", error.what());
  }
}

Task<> LedgerLog::reload_if_needed(LogSource source) {
  if (must_reload()) co_await reload(std::move(source));
  const std::lock_guard lock(mutex_);
  if (damage_) throw Error(*damage_);
  if (reload_) throw Error(Code::unavailable, "the log could not be read after an append failed");
}

bool LedgerLog::must_reload() const {
  const std::lock_guard lock(mutex_);
  return reload_;
}

// Writing

void LedgerLog::complete(Waiter waiter, std::exception_ptr failure, LedgerEvent event) {
  const asio::any_io_executor executor = waiter.executor;
  asio::post(executor, [handler = std::move(waiter.handler), failure = std::move(failure),
                        event = std::move(event)]() mutable { std::move(handler)(failure, std::move(event)); });
}

void LedgerLog::enqueue(Draft draft, Waiter waiter, std::size_t max_waiting) {
  std::optional<Error> refusal;
  bool start_writer = false;
  {
    const std::lock_guard lock(mutex_);
    refusal = refuse(max_waiting);
    if (!refusal) {
      draft.time = host_.clock().now();
      drafts_.push_back(std::move(draft));
      waiters_.push_back(std::move(waiter));
      start_writer = !std::exchange(writing_, true);
    }
  }
  if (refusal) complete(std::move(waiter), std::make_exception_ptr(*refusal), LedgerEvent());
  if (start_writer) asio::co_spawn(host_.executor(), write_all(shared_from_this()), asio::detached);
}

/// With the lock held.
std::optional<Error> LedgerLog::refuse(std::size_t max_waiting) const {
  if (damage_) return damage_;
  if (stopping_) return Error(Code::unavailable, "the ledger is stopping");
  if (drafts_.size() >= max_waiting) {
    return Error(Code::busy, fmt::format("{} events wait to be appended", drafts_.size()), "retry later");
  }
  return std::nullopt;
}

Task<> LedgerLog::write_all(std::shared_ptr<LedgerLog> self) {
  for (Group group = self->take_group(); !group.drafts.empty(); group = self->take_group()) {
    co_await self->write(group);
  }
}

/// The next that wait, and where to; when there are none, the writer has ended.
LedgerLog::Group LedgerLog::take_group() {
  Group group;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t bytes = 0; !drafts_.empty() && group.drafts.size() < max_group && bytes < max_group_bytes;) {
      bytes += drafts_.front().details.size();
      group.drafts.push_back(std::move(drafts_.front()));
      group.waiters.push_back(std::move(waiters_.front()));
      drafts_.pop_front();
      waiters_.pop_front();
    }
    writing_ = !group.drafts.empty();
    if (writing_) group.source = sources_.back();
    writing_for_ = group.source.user;
  }
  changed_.notify();
  return group;
}

/// Commits a group and tells each that waits for it. Never throws. The group outlives the task.
Task<> LedgerLog::write(Group& group) {
  std::vector<LedgerEvent> events;
  std::optional<Error> failure;
  try {
    events = co_await commit(group.drafts, group.source);
  } catch (const Error& error) {
    failure.emplace(
        error.code() == Code::conflict
            ? Error(Code::unavailable, "ledger: the stored head has changed: do two nodes share its records?")
            : error);
  } catch (const std::exception& error) {
    failure.emplace(Code::internal, std::string("ledger: ") + error.what());
  }
  if (failure) co_await after_failure(*failure, group.source);
  for (std::size_t i = 0; i < group.waiters.size(); ++i) {
    if (failure) {
      complete(std::move(group.waiters[i]), std::make_exception_ptr(*failure), LedgerEvent());
    } else {
      complete(std::move(group.waiters[i]), std::exception_ptr(), std::move(events[i]));
    }
  }
}

Task<> LedgerLog::after_failure(Error& failure, LogSource source) {
  host_.log().warning("append: {}", failure.what());
  {
    const std::lock_guard lock(mutex_);
    reload_ = true;
  }
  co_await reload(std::move(source));
  const std::lock_guard lock(mutex_);
  if (damage_) failure = *damage_;
}

Task<std::vector<LedgerEvent>> LedgerLog::commit(const std::vector<Draft>& drafts, LogSource source) {
  co_await reload_if_needed(source);
  const std::shared_ptr<const Head> old = snapshot();
  const Secret& seed = source.identity->node_key().seed;
  const auto prepare = [&] { return prepare_commit(drafts, edge_, *old, seed); };
  Commit next = co_await compute(host_, drafts.size() >= much_drafts, prepare);
  co_await source.records->commit(std::move(next.batch));
  edge_ = std::move(next.edge);
  auto head = std::make_shared<const Head>(std::move(next.head));
  {
    const std::lock_guard lock(mutex_);
    head_ = std::move(head);
  }
  co_return std::move(next.events);
}

}  // namespace drawbridge
