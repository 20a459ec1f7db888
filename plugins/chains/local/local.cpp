// chain.local: the node's own ledger, an RFC 6962 tree in its records with a signed head. See docs/formats/ledger.md.
#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/ledger.h"
#include "drawbridge/merkle.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "group.h"
#include "inspect.h"
#include "reading.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_page = 1024;
constexpr std::size_t max_group = 1024;
constexpr std::size_t max_group_bytes = 4_MiB;
constexpr std::size_t much_drafts = 64;

/// Who waits for a result, and on which executor it goes on.
template <class... Results>
struct Waiter {
  asio::any_io_executor executor;
  asio::any_completion_handler<void(Results...)> handler;
};
using Done = Waiter<std::exception_ptr, LedgerEvent>;
using Idle = Waiter<std::exception_ptr>;

template <class... Results>
void complete(Waiter<Results...> waiter, std::type_identity_t<Results>... results) {
  const asio::any_io_executor executor = waiter.executor;
  asio::post(executor, [handler = std::move(waiter.handler), ... results = std::move(results)]() mutable {
    std::move(handler)(std::move(results)...);
  });
}

/// Appends that are committed together, and who waits for each.
struct Group {
  std::vector<Draft> drafts;
  std::vector<Done> waiters;
};

struct Loaded {
  std::shared_ptr<const Head> head;
  Edge edge;
};

/// Readers work on a snapshot of the head: what they read may be newer, and then begins with what they look for. One
/// coroutine at a time writes; it alone touches the edge.
class LocalLedger final : public Ledger {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the ledger is kept.");
    o.use("identity", identity_, "Whose node key signs the ledger's head.");
    o.number("queue", max_waiting_, {1U, 65536U}, "Events that may wait to be appended; more are refused as busy.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    Loaded loaded = co_await load();
    host.log().info("{} events in {}", loaded.head->checkpoint.size, loaded.head->checkpoint.origin);
    edge_ = std::move(loaded.edge);
    const std::lock_guard lock(mutex_);
    head_ = std::move(loaded.head);
    damage_.reset();
    reload_ = stopping_ = false;
  }

  /// Commits what was accepted.
  Task<> stop() override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto wait_for_writer = [this, executor](auto handler) { when_idle({executor, std::move(handler)}); };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(wait_for_writer),
                                                                                           asio::use_awaitable);
    const std::lock_guard lock(mutex_);
    head_.reset();
  }

  Health health() const override {
    const std::lock_guard lock(mutex_);
    if (damage_) return {Health::State::failed, damage_->what()};
    if (reload_) return {Health::State::degraded, "the last append failed; the log is read again before the next"};
    return {};
  }

  Task<LedgerEvent> append(EventDraft event) override {
    snapshot();
    Draft draft = make_draft(std::move(event), host_->random());
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto wait_for_commit = [this, executor, draft = std::move(draft)](auto handler) mutable {
      enqueue(std::move(draft), {executor, std::move(handler)});
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, LedgerEvent)>(
        std::move(wait_for_commit), asio::use_awaitable);
  }

  Task<std::string> checkpoint() override { co_return snapshot()->note; }
  Task<Checkpoint> head() override { co_return snapshot()->checkpoint; }

  Task<std::optional<LedgerEvent>> event(std::uint64_t index) override {
    const Checkpoint head = snapshot()->checkpoint;
    if (index >= head.size) co_return std::nullopt;
    std::vector<LedgerEvent> found = co_await noticing(read_events(*host_, store(), head, index, 1));
    co_return std::move(found.front());
  }

  Task<Page> events(std::uint64_t from, std::size_t limit) override {
    if (limit < 1 || limit > max_page) throw Error(Code::invalid, "a page has 1 to 1024 events");
    const Checkpoint head = snapshot()->checkpoint;
    Page page;
    if (from >= head.size) co_return page;
    const std::uint64_t count = std::min<std::uint64_t>(limit, head.size - from);
    page.events = co_await noticing(read_events(*host_, store(), head, from, count));
    page.more = from + count < head.size;
    co_return page;
  }

  Task<std::vector<LedgerEvent>> find(std::string subject) override {
    co_return co_await noticing(find_events(*host_, store(), snapshot()->checkpoint, std::move(subject)));
  }

  Task<std::string> proof(std::uint64_t index, bool with_opening) override {
    co_return co_await noticing(make_proof(*host_, store(), snapshot(), index, with_opening));
  }

  Task<std::vector<Digest>> consistency(std::uint64_t size1, std::uint64_t size2) override {
    const Checkpoint head = snapshot()->checkpoint;
    co_return co_await noticing(make_consistency(store(), head, size1, size2));
  }

  Task<Checkpoint> audit() override {
    const Checkpoint head = snapshot()->checkpoint;
    co_await noticing(audit_ledger(*host_, store(), head));
    co_return head;
  }

 private:
  Store store() const { return Store(*records_); }

  std::shared_ptr<const Head> snapshot() const {
    const std::lock_guard lock(mutex_);
    if (!head_) throw Error(Code::unavailable, "the ledger is not running");
    return head_;
  }

  /// Damage that anyone finds stops all further appends.
  void notice(const Error& error) {
    if (error.code() != Code::corrupt) return;
    host_->log().error("{}", error.what());
    const std::lock_guard lock(mutex_);
    if (!damage_) damage_.emplace(error);
  }

  template <class T>
  Task<T> noticing(Task<T> task) {
    try {
      co_return co_await std::move(task);
    } catch (const Error& error) {
      notice(error);
      throw;
    }
  }

  // Loading

  Task<Loaded> load() {
    const std::string origin = log_origin(identity_->node_id());
    const std::optional<std::string> note = co_await store().checkpoint();
    auto head = std::make_shared<Head>();
    if (!note) {
      const bool empty = co_await store().empty();
      if (!empty) throw damage("checkpoint: missing, although there are entries");
      head->checkpoint = {origin, 0, merkle_empty_root()};
      head->note = sign_checkpoint(head->checkpoint, identity_->node_key().seed);
      co_return Loaded{std::move(head), Edge()};
    }
    head->checkpoint = own_checkpoint(*note, origin);
    head->note = *note;
    head->stored = true;
    Edge edge = co_await load_edge(store(), head->checkpoint);
    co_return Loaded{std::move(head), std::move(edge)};
  }

  Checkpoint own_checkpoint(const std::string& note, const std::string& origin) const {
    try {
      return verify_checkpoint(note, origin, identity_->node_key().public_key);
    } catch (const Error& error) {
      throw Error(Code::corrupt, "ledger: " + std::string(error.what()),
                  "restore this node's records from a backup; a node with a new identity needs new records");
    }
  }

  /// After a failed commit nobody knows what is stored. Never throws: what is wrong stands in damage_ or reload_ then.
  Task<> reload() {
    try {
      Loaded loaded = co_await load();
      const Checkpoint old = snapshot()->checkpoint;
      co_await check_extends(store(), old, loaded.head->checkpoint);
      edge_ = std::move(loaded.edge);
      const std::lock_guard lock(mutex_);
      head_ = std::move(loaded.head);
      reload_ = false;
    } catch (const Error& error) {
      notice(error);
      host_->log().warning("reading the log again: {}", error.what());
    } catch (const std::exception& error) {
      host_->log().warning("reading the log again: {}", error.what());
    }
  }

  // Writing

  void enqueue(Draft draft, Done done) {
    std::optional<Error> refusal;
    bool start_writer = false;
    {
      const std::lock_guard lock(mutex_);
      refusal = refuse();
      if (!refusal) {
        draft.time = host_->clock().now();
        drafts_.push_back(std::move(draft));
        waiters_.push_back(std::move(done));
        start_writer = !std::exchange(writing_, true);
      }
    }
    if (refusal) complete(std::move(done), std::make_exception_ptr(*refusal), LedgerEvent());
    if (start_writer) asio::co_spawn(host_->executor(), write_all(), asio::detached);
  }

  /// With the lock held.
  std::optional<Error> refuse() const {
    if (damage_) return damage_;
    if (stopping_) return Error(Code::unavailable, "the ledger is stopping");
    if (drafts_.size() >= max_waiting_) {
      return Error(Code::busy, fmt::format("{} events wait to be appended", drafts_.size()), "retry later");
    }
    return std::nullopt;
  }

  Task<> write_all() {
    for (Group group = take_group(); !group.drafts.empty(); group = take_group()) co_await write(group);
  }

  /// The next that wait; when there are none, the writer has ended and may not touch this object any more.
  Group take_group() {
    Group group;
    std::vector<Idle> idle;
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
      if (!writing_) idle.swap(idle_);
    }
    for (Idle& waiter : idle) complete(std::move(waiter), std::exception_ptr());
    return group;
  }

  /// Commits a group and tells each that waits for it. Never throws. The group outlives the task.
  Task<> write(Group& group) {
    std::vector<LedgerEvent> events;
    std::optional<Error> failure;
    try {
      events = co_await commit(group.drafts);
    } catch (const Error& error) {
      failure.emplace(
          error.code() == Code::conflict
              ? Error(Code::unavailable, "ledger: the stored head has changed: do two nodes share its records?")
              : error);
    } catch (const std::exception& error) {
      failure.emplace(Code::internal, std::string("ledger: ") + error.what());
    }
    if (failure) co_await after_failure(*failure);
    for (std::size_t i = 0; i < group.waiters.size(); ++i) {
      if (failure) {
        complete(std::move(group.waiters[i]), std::make_exception_ptr(*failure), LedgerEvent());
      } else {
        complete(std::move(group.waiters[i]), std::exception_ptr(), std::move(events[i]));
      }
    }
  }

  Task<> after_failure(Error& failure) {
    host_->log().warning("append: {}", failure.what());
    set_reload();
    co_await reload();
    const std::lock_guard lock(mutex_);
    if (damage_) failure = *damage_;
  }

  void set_reload() {
    const std::lock_guard lock(mutex_);
    reload_ = true;
  }

  Task<std::vector<LedgerEvent>> commit(const std::vector<Draft>& drafts) {
    co_await reload_if_needed();
    const std::shared_ptr<const Head> old = snapshot();
    const Secret& seed = identity_->node_key().seed;
    const auto prepare = [&] { return prepare_commit(drafts, edge_, *old, seed); };
    Commit next = co_await compute(*host_, drafts.size() >= much_drafts, prepare);
    co_await records_->commit(std::move(next.batch));
    edge_ = std::move(next.edge);
    auto head = std::make_shared<const Head>(std::move(next.head));
    {
      const std::lock_guard lock(mutex_);
      head_ = std::move(head);
    }
    co_return std::move(next.events);
  }

  Task<> reload_if_needed() {
    if (must_reload()) co_await reload();
    const std::lock_guard lock(mutex_);
    if (damage_) throw Error(*damage_);
    if (reload_) throw Error(Code::unavailable, "the log could not be read after an append failed");
  }

  bool must_reload() const {
    const std::lock_guard lock(mutex_);
    return reload_;
  }

  void when_idle(Idle idle) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (writing_) {
        idle_.push_back(std::move(idle));
        return;
      }
    }
    complete(std::move(idle), std::exception_ptr());
  }

  Ref<Records> records_;
  Ref<Identity> identity_;
  std::uint32_t max_waiting_ = 4096;
  Host* host_ = nullptr;

  Edge edge_;  // The writer's.

  mutable std::mutex mutex_;  // Guards what follows.
  std::shared_ptr<const Head> head_;
  std::deque<Draft> drafts_;
  std::deque<Done> waiters_;
  std::vector<Idle> idle_;
  std::optional<Error> damage_;
  bool writing_ = false;
  bool stopping_ = false;
  bool reload_ = false;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::LocalLedger, "chain.local", "0.1.0",
                  "Keeps this node's ledger: an append-only Merkle tree with a signed head and offline proofs.")
