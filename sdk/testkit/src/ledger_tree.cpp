// The tree: heads against the model, proofs and consistency at many sizes, across the edges of tiles.
#include "drawbridge/merkle.h"
#include "ledger_cases.h"

namespace drawbridge::testkit {
namespace {

const std::vector<std::uint64_t> audit_sizes = {1, 256, 600, 1100};
const std::vector<std::uint64_t> consistency_sizes = {0, 1, 2, 3, 64, 128, 200, 254, 255, 256, 257, 511, 512, 513, 600};
const std::vector<std::uint64_t> edge_sizes = {255, 256, 257, 511, 512, 513, 600};

std::string at_size(std::uint64_t size) {
  return "at size " + std::to_string(size);
}

Task<> head_equals_model(Ledger& ledger, LedgerSigner signer) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = 1; size <= 70; ++size) sizes.push_back(size);
  sizes.insert(sizes.end(), edge_sizes.begin(), edge_sizes.end());
  for (const std::uint64_t size : sizes) {
    co_await fill(ledger, size);
    const std::vector<Digest> leaves = co_await all_leaves(ledger);
    const Checkpoint head = co_await ledger.head();
    check(head.size == size && leaves.size() == size, at_size(size));
    check(head.root == model_root(leaves, 0, size), "root " + at_size(size));
    const std::string note = co_await ledger.checkpoint();
    check(verify_checkpoint(note, log_origin(signer.node_id), signer.node_public_key) == head, "note " + at_size(size));
  }
}

Task<> prove_all(Ledger& ledger, LedgerSigner signer) {
  const Checkpoint head = co_await ledger.head();
  const std::vector<Digest> leaves = co_await all_leaves(ledger);
  for (std::uint64_t i = 0; i < head.size; ++i) {
    const std::string text = co_await ledger.proof(i, i % 2 == 0);
    const CheckedProof checked = check_event_proof(text, signer.node_id, signer.node_public_key);
    check(checked.checkpoint == head && checked.event.index == i && checked.event.leaf == leaves[i],
          "event " + std::to_string(i) + " " + at_size(head.size));
  }
}

Task<> small_proofs(Ledger& ledger, LedgerSigner signer) {
  for (std::uint64_t size = 1; size <= 20; ++size) {
    co_await fill(ledger, size);
    co_await prove_all(ledger, signer);
  }
}

Task<> tile_proofs(Ledger& ledger, LedgerSigner signer) {
  for (const std::uint64_t size : edge_sizes) {
    co_await fill(ledger, size);
    co_await prove_all(ledger, signer);
  }
}

Task<> check_consistency(Ledger& ledger, const std::vector<Digest>& leaves, std::uint64_t size1, std::uint64_t size2) {
  const std::vector<Digest> proof = co_await ledger.consistency(size1, size2);
  const Digest root1 = model_root(leaves, 0, size1);
  const Digest root2 = model_root(leaves, 0, size2);
  const std::string what = "from " + std::to_string(size1) + " to " + std::to_string(size2);
  check(verify_consistency(size1, size2, root1, root2, proof), "consistency " + what);
  if (size1 == 0 || size1 == size2) {
    check(proof.empty(), "an empty proof " + what);
  } else {
    check(!verify_consistency(size1, size2, root2, root2, proof), "a wrong older root " + what);
    check(!verify_consistency(size1, size2, root1, root1, proof), "a wrong newer root " + what);
  }
}

Task<> consistency(Ledger& ledger) {
  co_await fill(ledger, 600);
  const std::vector<Digest> leaves = co_await all_leaves(ledger);
  for (std::uint64_t size2 = 0; size2 <= 40; ++size2) {
    for (std::uint64_t size1 = 0; size1 <= size2; ++size1) co_await check_consistency(ledger, leaves, size1, size2);
  }
  for (const std::uint64_t size1 : consistency_sizes) {
    for (const std::uint64_t size2 : consistency_sizes) {
      if (size1 <= size2) co_await check_consistency(ledger, leaves, size1, size2);
    }
  }
}

Task<> consistency_bounds(Ledger& ledger) {
  co_await fill(ledger, 5);
  co_await check_throws(Code::invalid, ledger.consistency(4, 3));
  co_await check_throws(Code::invalid, ledger.consistency(1, 6));
  co_await check_throws(Code::invalid, ledger.consistency(6, 6));
}

// Every head that was ever given out is a beginning of the last one.
Task<> history(Ledger& ledger) {
  std::vector<Checkpoint> heads;
  for (std::uint64_t i = 0; i < 40; ++i) {
    heads.push_back(co_await ledger.head());
    co_await ledger.append(numbered_draft(i));
  }
  const Checkpoint last = co_await ledger.head();
  for (const Checkpoint& head : heads) {
    const std::vector<Digest> proof = co_await ledger.consistency(head.size, last.size);
    check(verify_consistency(head.size, last.size, head.root, last.root, proof), at_size(head.size));
  }
}

Task<> audits(Ledger& ledger) {
  for (const std::uint64_t size : audit_sizes) {
    co_await fill(ledger, size);
    const Checkpoint audited = co_await ledger.audit();
    const Checkpoint head = co_await ledger.head();
    check(audited == head && head.size == size, at_size(size));
  }
}

}  // namespace

void add_ledger_tree_cases(Suite<Ledger>& suite, const LedgerSigner& signer) {
  suite.push_back({"HeadEqualsModel", [signer](Ledger& ledger) { return head_equals_model(ledger, signer); }});
  suite.push_back({"ProofsAtSmallSizes", [signer](Ledger& ledger) { return small_proofs(ledger, signer); }});
  suite.push_back({"ProofsAcrossTiles", [signer](Ledger& ledger) { return tile_proofs(ledger, signer); }});
  suite.push_back({"ConsistencyBetweenManySizes", consistency});
  suite.push_back({"ConsistencyBounds", consistency_bounds});
  suite.push_back({"EveryHeadIsABeginning", history});
  suite.push_back({"AuditPasses", audits});
}

}  // namespace drawbridge::testkit
