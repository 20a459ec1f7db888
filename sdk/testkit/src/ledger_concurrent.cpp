// Many who append, and readers at the same time, on several threads.
#include <algorithm>

#include "drawbridge/merkle.h"
#include "ledger_cases.h"
#include "parallel.h"

namespace drawbridge::testkit {
namespace {

constexpr std::size_t writers = 200;

Task<> append_into(Ledger& ledger, std::uint64_t number, LedgerEvent& out) {
  out = co_await ledger.append(numbered_draft(number));
}

Task<> consecutive(Ledger& ledger) {
  std::vector<LedgerEvent> events(writers);
  std::vector<Task<>> tasks;
  for (std::size_t i = 0; i < writers; ++i) tasks.push_back(append_into(ledger, i, events[i]));
  co_await in_parallel(std::move(tasks));
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  for (std::size_t i = 0; i < writers; ++i) {
    DRAWBRIDGE_CHECK(events[i].index == i);
    DRAWBRIDGE_CHECK(i == 0 || events[i - 1].time <= events[i].time);
    const auto read = co_await ledger.event(i);
    DRAWBRIDGE_CHECK(read && read->leaf == events[i].leaf && read->details == events[i].details);
  }
  const Checkpoint head = co_await ledger.head();
  DRAWBRIDGE_CHECK(head.size == writers);
}

// When an append has returned, the head covers it and a proof of it can be had at once.
Task<> append_and_prove(Ledger& ledger, LedgerSigner signer, std::uint64_t number) {
  const LedgerEvent event = co_await ledger.append(numbered_draft(number));
  const std::string proof = co_await ledger.proof(event.index, true);
  const CheckedProof checked = check_event_proof(proof, signer.node_id, signer.node_public_key);
  DRAWBRIDGE_CHECK(checked.event.leaf == event.leaf);
  DRAWBRIDGE_CHECK(checked.checkpoint.size > event.index);
}

Task<> proofs_at_once(Ledger& ledger, LedgerSigner signer) {
  std::vector<Task<>> tasks;
  for (std::size_t i = 0; i < writers; ++i) tasks.push_back(append_and_prove(ledger, signer, i));
  co_await in_parallel(std::move(tasks));
  const Checkpoint head = co_await ledger.audit();
  DRAWBRIDGE_CHECK(head.size == writers);
}

Task<> append_in_row(Ledger& ledger, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await ledger.append(numbered_draft(i));
}

Task<> read_while(Ledger& ledger, LedgerSigner signer, std::uint64_t until) {
  Checkpoint before = co_await ledger.head();
  while (before.size < until) {
    const std::string note = co_await ledger.checkpoint();
    const Checkpoint now = verify_checkpoint(note, log_origin(signer.node_id), signer.node_public_key);
    const std::vector<Digest> proof = co_await ledger.consistency(before.size, now.size);
    DRAWBRIDGE_CHECK(verify_consistency(before.size, now.size, before.root, now.root, proof));
    if (now.size > 0) {
      const std::string text = co_await ledger.proof(now.size / 2, false);
      check_event_proof(text, signer.node_id, signer.node_public_key);
      const Ledger::Page page = co_await ledger.events(now.size - 1, 10);
      DRAWBRIDGE_CHECK(!page.events.empty());
    }
    before = now;
  }
}

Task<> readers_and_writers(Ledger& ledger, LedgerSigner signer) {
  constexpr std::uint64_t rows = 12, each = 50;
  std::vector<Task<>> tasks;
  for (std::uint64_t i = 0; i < rows; ++i) tasks.push_back(append_in_row(ledger, each));
  for (int i = 0; i < 3; ++i) tasks.push_back(read_while(ledger, signer, rows * each));
  co_await in_parallel(std::move(tasks));
  const Checkpoint head = co_await ledger.audit();
  DRAWBRIDGE_CHECK(head.size == rows * each);
}

}  // namespace

void add_ledger_concurrent_cases(Suite<Ledger>& suite, const LedgerSigner& signer) {
  suite.push_back({"ConcurrentAppendsAreConsecutive", consecutive});
  suite.push_back({"AppendedIsProvableAtOnce", [signer](Ledger& ledger) { return proofs_at_once(ledger, signer); }});
  suite.push_back({"ReadersWhileAppending", [signer](Ledger& ledger) { return readers_and_writers(ledger, signer); }});
}

}  // namespace drawbridge::testkit
