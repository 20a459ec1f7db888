// chain.local: the node's own ledger, an RFC 6962 tree in its records with a signed head. See docs/formats/ledger.md.
#include <algorithm>
#include <memory>
#include <utility>

#include "drawbridge/handover.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "inspect.h"
#include "log.h"
#include "reading.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_page = 1024;

class LocalLedger final : public Ledger {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the ledger is kept.");
    o.use("identity", identity_, "Whose node key signs the ledger's head.");
    o.number("queue", max_waiting_, {1U, 65536U}, "Events that may wait to be appended; more are refused as busy.");
  }

  /// A log over the same records is one log, whoever appends to it; over others it is another one.
  Task<> start(Host& host) override {
    host_ = &host;
    const auto old = adopt<LocalLedger>(host);
    bool same = false;
    if (old && old->log_ && old->identity_->node_id() == identity_->node_id()) {
      same = co_await same_records(host, *records_, *old->records_);
    }
    const LogSource source{this, records_, identity_};
    if (same) {
      old->log_->join(source);
      const std::lock_guard lock(starting_);
      log_ = old->log_;
      co_return;
    }
    const auto log = std::make_shared<LedgerLog>(host);
    co_await log->open(source);
    const std::lock_guard lock(starting_);
    log_ = log;
  }

  /// Commits what was accepted.
  Task<> stop() override {
    if (log_) co_await log_->leave(this);
  }

  Health health() const override {
    const std::lock_guard lock(starting_);
    return log_ ? log_->health() : Health{};
  }

  Task<LedgerEvent> append(EventDraft event) override {
    co_return co_await running().append(std::move(event), max_waiting_);
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

  LedgerLog& running() const {
    if (!log_) throw Error(Code::unavailable, "the ledger is not running");
    return *log_;
  }
  std::shared_ptr<const Head> snapshot() const { return running().snapshot(); }

  template <class T>
  Task<T> noticing(Task<T> task) {
    try {
      co_return co_await std::move(task);
    } catch (const Error& error) {
      running().notice(error);
      throw;
    }
  }

  Ref<Records> records_;
  Ref<Identity> identity_;
  std::uint32_t max_waiting_ = 4096;
  Host* host_ = nullptr;
  mutable std::mutex starting_;  ///< `health` may be asked while `start` runs; the rest only after it.
  std::shared_ptr<LedgerLog> log_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::LocalLedger, "chain.local", "0.1.0",
                  "Keeps this node's ledger: an append-only Merkle tree with a signed head and offline proofs.")
