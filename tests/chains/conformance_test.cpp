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

}  // namespace
}  // namespace drawbridge::test
