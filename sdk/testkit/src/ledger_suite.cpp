#include "drawbridge/testkit/ledger_suite.h"

#include <bit>

#include "drawbridge/merkle.h"
#include "ledger_cases.h"
#include "parallel.h"

namespace drawbridge::testkit {
namespace {

Task<> append_one(Ledger& ledger, EventDraft draft) {
  co_await ledger.append(std::move(draft));
}

}  // namespace

Digest model_root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return sha256({});
  if (end - begin == 1) return leaves[begin];
  const std::size_t middle = begin + std::bit_floor(end - begin - 1);
  return merkle_node(model_root(leaves, begin, middle), model_root(leaves, middle, end));
}

EventDraft numbered_draft(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return {"shared", "asset-" + text, {{"owner", "node_a"}, {"grantee", "node_b"}, {"number", text}}};
}

Task<> fill(Ledger& ledger, std::uint64_t size) {
  constexpr std::uint64_t at_once = 256;
  for (Checkpoint head = co_await ledger.head(); head.size < size; head = co_await ledger.head()) {
    std::vector<Task<>> tasks;
    for (std::uint64_t i = head.size; i < size && tasks.size() < at_once; ++i) {
      tasks.push_back(append_one(ledger, numbered_draft(i)));
    }
    co_await in_parallel(std::move(tasks));
  }
}

Task<std::vector<Digest>> all_leaves(Ledger& ledger) {
  std::vector<Digest> leaves;
  for (bool more = true; more;) {
    const Ledger::Page page = co_await ledger.events(leaves.size(), 1024);
    more = page.more;
    for (const LedgerEvent& event : page.events) leaves.push_back(event.leaf);
  }
  co_return leaves;
}

Suite<Ledger> ledger_suite(const LedgerSigner& signer) {
  Suite<Ledger> suite;
  add_ledger_event_cases(suite);
  add_ledger_concurrent_cases(suite, signer);
  add_ledger_tree_cases(suite, signer);
  add_ledger_proof_cases(suite, signer);
  return suite;
}

}  // namespace drawbridge::testkit
