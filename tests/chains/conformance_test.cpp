// chain.local passes the suite of its facet, on two storages.
#include "fixture.h"
#include "support/suite.h"

namespace drawbridge::test {
namespace {

const bool on_memory = (support::register_suite(
                            "LocalLedgerOnMemory", testkit::ledger_suite(signer()),
                            [] { return ledger_node("{plugin: storage.memory}"); }, "ledger"),
                        true);

std::unique_ptr<kernel::Node> rocksdb_node() {
  static const support::TempDir folder;
  static int number = 0;
  return ledger_node("{plugin: storage.rocksdb, path: " + (folder / std::to_string(++number)).string() + "}");
}

const bool on_rocksdb =
    (support::register_suite("LocalLedgerOnRocksdb", testkit::ledger_suite(signer()), rocksdb_node, "ledger"), true);

// In a process of its own, with its storage and identity in the node's; and with its storage in a third.
const bool isolated =
    (support::register_suite(
         "IsolatedLocalLedger", testkit::ledger_suite(signer()),
         [] { return ledger_node("{plugin: storage.memory}", "alice", ", isolate: process"); }, "ledger"),
     true);
const bool isolated_on_isolated =
    (support::register_suite(
         "IsolatedLocalLedgerOnIsolated", testkit::ledger_suite(signer()),
         [] { return ledger_node("{plugin: storage.memory, isolate: process}", "alice", ", isolate: process"); },
         "ledger"),
     true);

}  // namespace
}  // namespace drawbridge::test
