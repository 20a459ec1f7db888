// C2SP proof files, and the entries and openings of the ledger that they show.
#include <algorithm>

#include "drawbridge/cbor.h"
#include "drawbridge/checkpoint.h"
#include "drawbridge/error.h"
#include "drawbridge/merkle.h"
#include "lines.h"

namespace drawbridge {
namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view extra_mark = "extra ";
constexpr std::string_view index_mark = "index ";
constexpr std::size_t max_proof_bytes = 64_KiB;
constexpr std::size_t max_hashes = 63;  // As many levels as a tree of 2^63 entries has.

constexpr std::string_view commitment_domain = "drawbridge.event/1\n";
constexpr std::size_t salt_bytes = 32;
constexpr std::size_t max_type_bytes = 64;
constexpr std::int64_t last_ms = 253402300799999;  // The end of the year 9999: the last that RFC 3339 can write.

Error bad_proof(const std::string& why) {
  return {Code::invalid, "proof file: " + why};
}
Error bad_entry(const std::string& why) {
  return {Code::invalid, "entry: " + why};
}

void check_type(std::string_view type) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (type.empty() || type.size() > max_type_bytes || !std::all_of(type.begin(), type.end(), allowed)) {
    throw bad_entry("a type is 1 to 64 of a-z, 0-9, '.', '_', '-'");
  }
}

void check_time(std::int64_t ms) {
  if (ms < 0 || ms > last_ms) throw bad_entry("the time is not between 1970 and the year 9999");
}

// Refuses keys besides those that were looked at.
void check_keys(const Cbor& map, std::size_t known, std::string_view what) {
  if (map.map().size() != known) throw Error(Code::invalid, std::string(what) + ": unknown keys");
}

void check_details(BytesView details) {
  const Cbor map = decode_cbor(details);
  for (const auto& [key, value] : map.map()) value.text();
}

// The event that `extra` shows. What it says is not trusted yet.
LedgerEvent read_extra(const TlogProof& proof) {
  if (proof.extra.empty()) throw bad_proof("it shows no entry");
  const Cbor extra = decode_cbor(proof.extra);
  LedgerEvent event = decode_entry(extra.at("entry").bytes());
  event.index = proof.index;
  if (extra.find("salt") == nullptr && extra.find("details") == nullptr) {
    check_keys(extra, 1, "extra");
    return event;
  }
  event.salt = extra.at("salt").bytes();
  event.details = extra.at("details").bytes();
  check_keys(extra, 3, "extra");
  if (event.salt.size() != salt_bytes) throw bad_proof("the salt of the opening has not 32 bytes");
  check_details(event.details);
  return event;
}

LedgerEvent shown_event(const TlogProof& proof) {
  try {
    return read_extra(proof);
  } catch (const Error& error) {
    throw error.within("extra data");
  }
}

}  // namespace

std::string format_proof(const TlogProof& proof) {
  std::string text = std::string(first_line) + "\n";
  if (!proof.extra.empty()) text += std::string(extra_mark) + to_base64(proof.extra) + "\n";
  text += std::string(index_mark) + std::to_string(proof.index) + "\n";
  for (const Digest& hash : proof.hashes) text += to_base64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

TlogProof parse_proof(std::string_view text) {
  if (text.size() > max_proof_bytes) throw bad_proof("longer than 64 KiB");
  if (!is_plain_text(text)) throw bad_proof("not UTF-8, or with control characters");
  if (take_line(text) != first_line) throw bad_proof("the first line is not " + std::string(first_line));
  TlogProof proof;
  auto line = take_line(text);
  if (line && line->starts_with(extra_mark)) {
    auto extra = from_base64(line->substr(extra_mark.size()));
    if (!extra || extra->empty()) throw bad_proof("the extra data are not canonical base64");
    proof.extra = std::move(*extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(index_mark)) throw bad_proof("the index line is missing");
  const auto index = parse_decimal(line->substr(index_mark.size()));
  if (!index) throw bad_proof("the index is not a canonical number");
  proof.index = *index;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const auto hash = parse_digest(*line);
    if (!hash) throw bad_proof("hash line " + std::to_string(proof.hashes.size() + 1) + " is not the base64 of a hash");
    if (proof.hashes.size() == max_hashes) throw bad_proof("more than 63 hash lines");
    proof.hashes.push_back(*hash);
  }
  if (!line || text.empty()) throw bad_proof("the checkpoint is missing");
  proof.checkpoint = std::string(text);
  return proof;
}

Digest event_commitment(BytesView salt, BytesView details) {
  // A salt of one length only: else a byte could move between salt and details.
  if (salt.size() != salt_bytes) throw Error(Code::invalid, "the salt of an event has 32 bytes");
  Sha256 hash;
  hash.update(commitment_domain).update(salt).update(details);
  return hash.finish();
}

Bytes encode_entry(std::string_view type, Timestamp time, const Digest& commitment) {
  check_type(type);
  check_time(unix_ms(time));
  CborMap map;
  map.emplace("v", 1);
  map.emplace("type", type);
  map.emplace("time", static_cast<std::int64_t>(unix_ms(time)));
  map.emplace("commitment", BytesView(commitment));
  return encode(Cbor(std::move(map)));
}

LedgerEvent decode_entry(BytesView entry) {
  const Cbor map = decode_cbor(entry);
  if (map.at("v").integer() != 1) throw bad_entry("a version other than 1");
  LedgerEvent event;
  event.type = map.at("type").text();
  check_type(event.type);
  const std::int64_t time = map.at("time").integer();
  check_time(time);
  event.time = from_unix_ms(time);
  const Bytes& commitment = map.at("commitment").bytes();
  if (commitment.size() != event.commitment.size()) throw bad_entry("the commitment has not 32 bytes");
  std::copy(commitment.begin(), commitment.end(), event.commitment.begin());
  check_keys(map, 4, "entry");
  event.entry = to_bytes(entry);
  event.leaf = merkle_leaf(entry);
  return event;
}

std::string make_event_proof(const LedgerEvent& event, const std::vector<Digest>& hashes,
                             const std::string& checkpoint_note, bool with_opening) {
  CborMap extra;
  extra.emplace("entry", event.entry);
  if (with_opening) {
    if (event.salt.empty())
      throw Error(Code::invalid, "the opening of event " + std::to_string(event.index) + " is not known");
    extra.emplace("salt", event.salt);
    extra.emplace("details", event.details);
  }
  return format_proof({encode(Cbor(std::move(extra))), event.index, hashes, checkpoint_note});
}

CheckedProof check_event_proof(std::string_view text, std::string_view node_id, BytesView node_public_key) {
  const TlogProof proof = parse_proof(text);
  LedgerEvent event = shown_event(proof);
  Checkpoint checkpoint = verify_checkpoint(proof.checkpoint, log_origin(node_id), node_public_key);
  if (proof.index >= checkpoint.size) {
    throw Error(Code::forbidden, "inclusion: entry " + std::to_string(proof.index) +
                                     " is beyond the checkpoint's size of " + std::to_string(checkpoint.size));
  }
  if (!verify_inclusion(proof.index, checkpoint.size, event.leaf, proof.hashes, checkpoint.root)) {
    throw Error(Code::forbidden, "inclusion: the entry does not lead to the checkpoint's root");
  }
  if (!event.salt.empty() && event_commitment(event.salt, event.details) != event.commitment) {
    throw Error(Code::forbidden, "opening: salt and details do not match the entry's commitment");
  }
  return {std::move(checkpoint), std::move(event)};
}

}  // namespace drawbridge
