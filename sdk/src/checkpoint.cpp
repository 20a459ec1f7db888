// C2SP signed notes and checkpoints.
#include "drawbridge/checkpoint.h"

#include <algorithm>
#include <array>

#include "drawbridge/ed25519.h"
#include "drawbridge/error.h"
#include "lines.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_note_bytes = 64_KiB;
constexpr std::size_t max_signatures = 64;
constexpr std::size_t key_id_bytes = 4;
constexpr std::uint8_t ed25519_type = 0x01;
constexpr std::string_view signature_mark = "\u2014 ";  // em dash, space

struct Signature {
  std::string_view name;
  Bytes key_id;
  Bytes bytes;
};

struct Note {
  std::string_view text;  // With its last newline: what is signed.
  std::vector<Signature> signatures;
};

// The spaces of Unicode beyond ASCII, in UTF-8.
constexpr std::array<std::string_view, 19> unicode_spaces = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

bool is_key_name(std::string_view name) {
  if (name.empty() || !is_utf8(name)) return false;
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == '+'; })) return false;
  return std::none_of(unicode_spaces.begin(), unicode_spaces.end(),
                      [&](std::string_view space) { return name.find(space) != name.npos; });
}

Bytes key_id(std::string_view name, BytesView public_key) {
  Bytes input = to_bytes(name);
  input.push_back('\n');
  input.push_back(ed25519_type);
  append(input, public_key);
  const Digest digest = sha256(input);
  return {digest.begin(), digest.begin() + key_id_bytes};
}

Error bad_note(const std::string& why) {
  return {Code::invalid, "checkpoint: " + why};
}

Signature parse_signature(std::string_view line) {
  if (!line.starts_with(signature_mark)) throw bad_note("a signature line does not start with an em dash and a space");
  line.remove_prefix(signature_mark.size());
  const auto space = line.find(' ');
  if (space == line.npos) throw bad_note("a signature line has no signature");
  const auto decoded = from_base64(line.substr(space + 1));
  if (!decoded || decoded->size() <= key_id_bytes)
    throw bad_note("a signature is not canonical base64 of a key id and a signature");
  Signature out{line.substr(0, space),
                {decoded->begin(), decoded->begin() + key_id_bytes},
                {decoded->begin() + key_id_bytes, decoded->end()}};
  if (!is_key_name(out.name)) throw bad_note("a signature has a malformed key name");
  return out;
}

Note parse_note(std::string_view note) {
  if (note.size() > max_note_bytes) throw bad_note("longer than 64 KiB");
  if (!is_plain_text(note)) throw bad_note("not UTF-8, or with control characters");
  const auto gap = note.rfind("\n\n");
  if (gap == note.npos) throw bad_note("no empty line before the signatures");
  Note out{note.substr(0, gap + 1), {}};
  std::string_view rest = note.substr(gap + 2);
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line) throw bad_note("the last line has no end");
    if (out.signatures.size() == max_signatures) throw bad_note("more than 64 signatures");
    out.signatures.push_back(parse_signature(*line));
  }
  if (out.signatures.empty()) throw bad_note("no signature");
  return out;
}

Checkpoint parse_text(std::string_view text) {
  const auto origin = take_line(text);
  if (!origin || origin->empty()) throw bad_note("the first line, the origin, is missing");
  const auto size_line = take_line(text);
  const auto size = size_line ? parse_decimal(*size_line) : std::nullopt;
  if (!size) throw bad_note("the second line is not a tree size");
  const auto root_line = take_line(text);
  const auto root = root_line ? parse_digest(*root_line) : std::nullopt;
  if (!root) throw bad_note("the third line is not the base64 of a root hash");
  while (!text.empty()) {
    const auto extension = take_line(text);
    if (!extension || extension->empty()) throw bad_note("an extension line is empty");
  }
  return {std::string(*origin), *size, *root};
}

// Whatever names our key must verify, and one must.
void verify_signatures(const Note& note, std::string_view origin, BytesView public_key) {
  const Bytes wanted = key_id(origin, public_key);
  bool signed_by_us = false;
  for (const Signature& signature : note.signatures) {
    if (signature.name != origin || signature.key_id != wanted) continue;
    if (!ed25519_verify(public_key, view(note.text), signature.bytes)) {
      throw Error(Code::forbidden, "checkpoint: the signature of " + std::string(origin) + " does not hold");
    }
    signed_by_us = true;
  }
  if (!signed_by_us) {
    throw Error(Code::forbidden, "checkpoint: no signature by the key of " + std::string(origin),
                "check that this is the card of the node that made it");
  }
}

}  // namespace

std::string log_origin(std::string_view node_id) {
  return "drawbridge/" + std::string(node_id);
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const Secret& node_seed) {
  if (!is_key_name(checkpoint.origin)) throw bad_note("an origin has no spaces, plus signs or control characters");
  if (checkpoint.size > max_decimal) throw bad_note("the tree size is beyond 2^63 - 1");
  std::string text =
      checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(checkpoint.root) + "\n";
  const Ed25519Key key = ed25519_from_seed(node_seed);
  Bytes signature = key_id(checkpoint.origin, key.public_key);
  append(signature, ed25519_sign(key.seed, view(text)));
  return text + "\n" + std::string(signature_mark) + checkpoint.origin + " " + to_base64(signature) + "\n";
}

Checkpoint verify_checkpoint(std::string_view note, std::string_view origin, BytesView node_public_key) {
  const Note parsed = parse_note(note);
  verify_signatures(parsed, origin, node_public_key);
  Checkpoint checkpoint = parse_text(parsed.text);
  if (checkpoint.origin != origin) {
    throw Error(Code::forbidden, "checkpoint: it is of " + checkpoint.origin + ", not of " + std::string(origin));
  }
  return checkpoint;
}

}  // namespace drawbridge
