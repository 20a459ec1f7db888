// Proof files are checked by a program that shares no code with this one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "fixture.h"

namespace drawbridge::test {
namespace {

int run(const std::string& command) {
  return std::system((command + " 2>/dev/null").c_str());
}

class IndependentCheck : public testing::Test {
 protected:
  /// Whether check_note.py accepts this proof; what it printed is in `out`.
  bool accepts(const std::string& proof, const std::string& key) {
    const auto file = folder_.write("some.tlog-proof", proof);
    const auto printed = folder_ / "printed";
    const int status = run("/usr/bin/python3 " DRAWBRIDGE_SOURCE_DIR "/tests/chains/check_note.py " + file.string() +
                           " " + log_origin(labelled_id("alice")) + " " + key + " > " + printed.string());
    out_ = support::read_text(printed);
    return status == 0;
  }

  support::TempDir folder_;
  std::string out_;
};

TEST_F(IndependentCheck, AcceptsOurProofs) {
  if (run("/usr/bin/python3 -c 'import cryptography.hazmat.primitives.asymmetric.ed25519'") != 0) {
    std::cout << "python3-cryptography is not installed: the independent check of proofs is left out\n";
    return;
  }
  const auto node = ledger_node("{plugin: storage.memory}");
  const auto ledger = node->find<Ledger>("ledger");
  append_events(*node, 300);
  const std::string key = to_hex(labelled_key("alice").public_key);
  int checked = 0;
  for (const std::uint64_t index : {0, 100, 256, 299}) {
    for (const bool with_opening : {false, true}) {
      const std::string proof = node->wait(ledger->proof(index, with_opening));
      EXPECT_TRUE(accepts(proof, key)) << proof;
      EXPECT_EQ(out_, std::to_string(index) + " shared\n");
      ++checked;
    }
  }
  std::string proof = node->wait(ledger->proof(100, true));
  EXPECT_FALSE(accepts(proof, to_hex(labelled_key("bob").public_key)));
  TlogProof wrong = parse_proof(proof);
  wrong.index = 101;
  EXPECT_FALSE(accepts(format_proof(wrong), key));
  std::cout << "python3-cryptography: " << checked << " proofs accepted, 2 spoiled ones refused\n";
}

}  // namespace
}  // namespace drawbridge::test
