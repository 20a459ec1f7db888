#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/hash.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// A C2SP tlog-checkpoint: what a log commits to.
struct Checkpoint {
  std::string origin;  ///< The log's name: "drawbridge/" + the node's id.
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The checkpoint as a C2SP signed note with one Ed25519 signature (type 0x01), made by the key named `origin`.
DRAWBRIDGE_API std::string sign_checkpoint(const Checkpoint& checkpoint, const Secret& node_seed);

/// Reads a signed note and verifies that this key, under the name `origin`, signed it. Other signatures are ignored, as
/// the specification asks. Throws Error{invalid} for a malformed note, Error{forbidden} for a missing or wrong
/// signature.
DRAWBRIDGE_API Checkpoint verify_checkpoint(std::string_view note, std::string_view origin, BytesView node_public_key);

/// A C2SP tlog-proof: evidence that an entry is in a log, which can be checked offline.
struct TlogProof {
  Bytes extra;
  std::uint64_t index = 0;
  std::vector<Digest> hashes;
  std::string checkpoint;  ///< The signed note.
};
DRAWBRIDGE_API std::string format_proof(const TlogProof& proof);
/// Throws Error{invalid}. At most 64 KiB of text.
DRAWBRIDGE_API TlogProof parse_proof(std::string_view text);

/// The origin of a node's log.
DRAWBRIDGE_API std::string log_origin(std::string_view node_id);

/// An entry of the ledger and what it commits to, see docs/formats/ledger.md. The entry is in the tree and may be shown
/// to anyone: it holds a type, a time and a commitment. The opening is kept by the node and shown to whom it chooses.
struct LedgerEvent {
  std::uint64_t index = 0;
  std::string type;  ///< "shared", "released", "received", "revoked", "node", …
  Timestamp time{};
  Digest commitment{};  ///< SHA-256 over a domain, `salt` and `details`.
  Bytes salt;           ///< 32 bytes; empty when the opening is not known.
  Bytes details;        ///< Deterministic CBOR map of text: {"asset": …, "owner": …, "grantee": …}.
  Bytes entry;          ///< The leaf's bytes, as they were logged.
  Digest leaf{};        ///< merkle_leaf(entry); "0x" + hex of it is the `tx_hash` of the REST interface.
};

/// The leaf's bytes for a type, a time and a commitment; and their reading, which throws Error{invalid}.
DRAWBRIDGE_API Bytes encode_entry(std::string_view type, Timestamp time, const Digest& commitment);
DRAWBRIDGE_API LedgerEvent decode_entry(BytesView entry);
DRAWBRIDGE_API Digest event_commitment(BytesView salt, BytesView details);

/// What an offline check established: this event is entry `event.index` of the log that `checkpoint` signs.
struct CheckedProof {
  Checkpoint checkpoint;
  LedgerEvent event;
};

/// Makes the text of a proof file. Without `with_opening` the proof shows the entry alone.
DRAWBRIDGE_API std::string make_event_proof(const LedgerEvent& event, const std::vector<Digest>& hashes,
                                            const std::string& checkpoint_note, bool with_opening);

/// Checks a proof file with nothing but the signer's node id and node key. Throws Error{invalid} for a file that is
/// none, Error{forbidden} with the reason when it does not hold.
DRAWBRIDGE_API CheckedProof check_event_proof(std::string_view text, std::string_view node_id,
                                              BytesView node_public_key);

}  // namespace drawbridge
