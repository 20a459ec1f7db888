// Proof files and signed notes from anyone: what is accepted is canonical, and nothing but an Error comes out.
#include <array>
#include <cstdlib>

#include "drawbridge/checkpoint.h"
#include "drawbridge/ed25519.h"
#include "drawbridge/error.h"

namespace drawbridge {
namespace {

const Ed25519Key& node_key() {
  static const Ed25519Key key = ed25519_from_seed(Secret(Bytes(32, 1)));
  return key;
}

void fuzz_proof(std::string_view text) {
  const TlogProof proof = parse_proof(text);
  if (format_proof(proof) != text) std::abort();
  check_event_proof(text, "node_x", node_key().public_key);
}

void fuzz_note(std::string_view text) {
  verify_checkpoint(text, log_origin("node_x"), node_key().public_key);
}

/// The input as the text that our key has signed, so that the fuzzer gets behind the signature.
void fuzz_signed_text(std::string_view text) {
  static const std::string model = sign_checkpoint({log_origin("node_x"), 1, Digest{}}, node_key().seed);
  const std::size_t line = model.find("\n\n") + 2;
  const std::size_t base64 = model.rfind(' ') + 1;
  Bytes signature = from_base64(std::string_view(model).substr(base64, model.size() - base64 - 1)).value();
  signature.resize(4);
  append(signature, ed25519_sign(node_key().seed, view(text)));
  const std::string note = std::string(text) + "\n" + model.substr(line, base64 - line) + to_base64(signature) + "\n";
  const Checkpoint checkpoint = verify_checkpoint(note, log_origin("node_x"), node_key().public_key);
  // Our own text of the same checkpoint is a beginning of it; extension lines may follow.
  const std::string again = sign_checkpoint(checkpoint, node_key().seed);
  if (!text.starts_with(again.substr(0, again.find("\n\n") + 1))) std::abort();
}

template <class Fuzz>
void refused_with_a_word(Fuzz fuzz) {
  try {
    fuzz();
  } catch (const Error& error) {
    if (error.code() != Code::invalid && error.code() != Code::forbidden) std::abort();
  }
}

}  // namespace
}  // namespace drawbridge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge;
  const std::string_view text = text_view({data, size});
  refused_with_a_word([&] { fuzz_proof(text); });
  refused_with_a_word([&] { fuzz_note(text); });
  refused_with_a_word([&] { fuzz_signed_text(text); });
  refused_with_a_word([&] { decode_entry({data, size}); });
  return 0;
}
