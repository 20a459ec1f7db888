#pragma once

#include <string>

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

}  // namespace drawbridge::testkit
