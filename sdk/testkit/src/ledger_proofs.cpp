// Proof files: what they show, and that nothing else than what was made passes the check.
#include "drawbridge/cbor.h"
#include "drawbridge/ed25519.h"
#include "drawbridge/merkle.h"
#include "ledger_cases.h"

namespace drawbridge::testkit {
namespace {

CheckedProof check_with(const LedgerSigner& signer, const std::string& text) {
  return check_event_proof(text, signer.node_id, signer.node_public_key);
}

/// The proof must be refused, and as the caller's fault.
void check_refused(const LedgerSigner& signer, const std::string& text, const std::string& what) {
  try {
    check_with(signer, text);
  } catch (const Error& error) {
    check(error.code() == Code::invalid || error.code() == Code::forbidden, what + ": " + error.what());
    return;
  }
  throw Failure("accepted: " + what);
}

void check_forbidden(const LedgerSigner& signer, const std::string& text, const std::string& step) {
  try {
    check_with(signer, text);
  } catch (const Error& error) {
    check(error.code() == Code::forbidden, step + ": " + error.what());
    check(std::string_view(error.what()).starts_with(step), "the step is named: " + std::string(error.what()));
    return;
  }
  throw Failure("accepted, where the step '" + step + "' should fail");
}

Task<std::string> some_proof(Ledger& ledger, bool with_opening) {
  co_await fill(ledger, 11);
  co_return co_await ledger.proof(6, with_opening);
}

Task<> openings(Ledger& ledger, LedgerSigner signer) {
  const std::string closed = co_await some_proof(ledger, false);
  const CheckedProof without = check_with(signer, closed);
  DRAWBRIDGE_CHECK(without.event.salt.empty() && without.event.details.empty());
  const std::string opened = co_await ledger.proof(6, true);
  const CheckedProof with = check_with(signer, opened);
  DRAWBRIDGE_CHECK(with.event.leaf == without.event.leaf);
  const auto event = co_await ledger.event(6);
  DRAWBRIDGE_CHECK(event && with.event.salt == event->salt && with.event.details == event->details);
}

Task<> wrong_signer(Ledger& ledger, LedgerSigner signer) {
  const std::string proof = co_await some_proof(ledger, true);
  const Secret seed(Bytes(32, 7));
  const LedgerSigner other_key{signer.node_id, ed25519_from_seed(seed).public_key};
  check_forbidden(other_key, proof, "checkpoint");
  const LedgerSigner other_node{"node_" + std::string(64, '0'), signer.node_public_key};
  check_forbidden(other_node, proof, "checkpoint");
  const LedgerSigner no_key{signer.node_id, {}};
  check_forbidden(no_key, proof, "checkpoint");
}

Task<> names_the_step(Ledger& ledger, LedgerSigner signer) {
  const std::string text = co_await some_proof(ledger, true);
  const TlogProof proof = parse_proof(text);
  TlogProof wrong = proof;
  wrong.index = 5;
  check_forbidden(signer, format_proof(wrong), "inclusion");
  wrong.index = 11;
  check_forbidden(signer, format_proof(wrong), "inclusion");
  wrong = proof;
  wrong.hashes[1][0] ^= 1;
  check_forbidden(signer, format_proof(wrong), "inclusion");
  wrong = proof;
  CborMap extra = decode_cbor(proof.extra).map();
  extra["salt"] = Cbor(Bytes(32, 0));
  wrong.extra = encode(Cbor(extra));
  check_forbidden(signer, format_proof(wrong), "opening");
  // Another event's entry under this event's proof.
  const auto other = co_await ledger.event(7);
  DRAWBRIDGE_CHECK(other.has_value());
  extra.clear();
  extra.emplace("entry", other->entry);
  wrong.extra = encode(Cbor(extra));
  check_forbidden(signer, format_proof(wrong), "inclusion");
}

const std::vector<char> flips = {'\x01', '\x20', '\x80'};

Task<> every_byte_counts(Ledger& ledger, LedgerSigner signer) {
  const std::string proof = co_await some_proof(ledger, true);
  check_with(signer, proof);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    for (const char flip : flips) {
      std::string wrong = proof;
      wrong[i] = static_cast<char>(wrong[i] ^ flip);
      check_refused(signer, wrong, "byte " + std::to_string(i) + " changed");
    }
  }
  for (std::size_t size = 0; size < proof.size(); ++size) {
    check_refused(signer, proof.substr(0, size), "cut to " + std::to_string(size) + " bytes");
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

const std::vector<std::string> line_ends = {" \n", "\r\n", "\t\n"};

Task<> every_line_counts(Ledger& ledger, LedgerSigner signer) {
  const std::string proof = co_await some_proof(ledger, false);
  const std::vector<std::string> lines = lines_of(proof);
  DRAWBRIDGE_CHECK(joined(lines) == proof);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string number = "line " + std::to_string(i + 1);
    auto wrong = lines;
    wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
    check_refused(signer, joined(wrong), number + " left out");
    // A signature may stand there twice: both hold.
    if (i + 1 < lines.size()) {
      wrong = lines;
      wrong.insert(wrong.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
      check_refused(signer, joined(wrong), number + " doubled");
      wrong = lines;
      std::swap(wrong[i], wrong[i + 1]);
      check_refused(signer, joined(wrong), number + " swapped with the next");
    }
    for (const std::string& end : line_ends) {
      wrong = lines;
      wrong[i].replace(wrong[i].size() - 1, 1, end);
      check_refused(signer, joined(wrong), number + " with a space at its end");
    }
  }
  check_refused(signer, proof + "\n", "an empty line at the end");
  check_refused(signer, proof + "x", "garbage at the end");
}

Task<> foreign_signatures(Ledger& ledger, LedgerSigner signer) {
  const std::string proof = co_await some_proof(ledger, false);
  const std::string signature = "\u2014 witness.example/one " + to_base64(Bytes(68, 1)) + "\n";
  const CheckedProof checked = check_with(signer, proof + signature);
  DRAWBRIDGE_CHECK(checked.event.index == 6);
  // The same name, but another key.
  const std::string same_name = "\u2014 " + log_origin(signer.node_id) + " " + to_base64(Bytes(68, 1)) + "\n";
  check_with(signer, proof + same_name);
  std::string many = proof;
  for (int i = 1; i < 64; ++i) many += signature;
  check_with(signer, many);
  check_refused(signer, many + signature, "65 signatures");
}

}  // namespace

void add_ledger_proof_cases(Suite<Ledger>& suite, const LedgerSigner& signer) {
  const auto add = [&](const char* name, Task<> (*run)(Ledger&, LedgerSigner)) {
    suite.push_back({name, [signer, run](Ledger& ledger) { return run(ledger, signer); }});
  };
  add("ProofWithAndWithoutOpening", openings);
  add("WrongSignerIsRefused", wrong_signer);
  add("ErrorNamesTheStep", names_the_step);
  add("EveryByteOfAProofCounts", every_byte_counts);
  add("EveryLineOfAProofCounts", every_line_counts);
  add("ForeignSignaturesAreIgnored", foreign_signatures);
}

}  // namespace drawbridge::testkit
