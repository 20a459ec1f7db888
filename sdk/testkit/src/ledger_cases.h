#pragma once

#include <string>
#include <vector>

#include "drawbridge/testkit/ledger_suite.h"

// What the files of the ledger's suite share.
namespace drawbridge::testkit {

void add_ledger_event_cases(Suite<Ledger>& suite);
void add_ledger_concurrent_cases(Suite<Ledger>& suite, const LedgerSigner& signer);
void add_ledger_tree_cases(Suite<Ledger>& suite, const LedgerSigner& signer);
void add_ledger_proof_cases(Suite<Ledger>& suite, const LedgerSigner& signer);

/// An event about the asset "asset-<number>".
EventDraft numbered_draft(std::uint64_t number);
/// Appends numbered events, many at once, until the log has `size`.
Task<> fill(Ledger& ledger, std::uint64_t size);
/// The leaves of the whole log, read in pages.
Task<std::vector<Digest>> all_leaves(Ledger& ledger);

}  // namespace drawbridge::testkit
