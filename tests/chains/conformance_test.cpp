// chain.local passes the suite of its facet, on two storages.
#include "fixture.h"
#include "support/suite.h"

namespace drawbridge::test {
namespace {

const bool on_memory = (support::register_suite("LocalLedgerOnMemory", testkit::ledger_suite(signer()),
                                                [] { return ledger_node("{plugin: storage.memory}"); }, "ledger"),
                        true);

}  // namespace
}  // namespace drawbridge::test
