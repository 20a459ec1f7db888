#pragma once

#include <string>
#include <vector>

#include "drawbridge/ledger.h"
#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

/// Who signs the ledger under test.
struct LedgerSigner {
  std::string node_id;
  Bytes node_public_key;
};

/// What every implementation of Ledger must do. Each case wants a started and empty ledger of its own.
DRAWBRIDGE_API Suite<Ledger> ledger_suite(const LedgerSigner& signer);

/// The definition of RFC 6962 §2.1, word by word: the model that heads are compared with.
DRAWBRIDGE_API Digest model_root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end);

}  // namespace drawbridge::testkit
