#pragma once

#include <map>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/cbor.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/clock.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// The public keys of a node in one suite.
struct SuiteKeys {
  Bytes encryption;
  Bytes signature;
  friend bool operator==(const SuiteKeys&, const SuiteKeys&) = default;
};

/// All public keys of a node. Its hash is the node's identity: `node_id()` is "node_" and the hex SHA-256 of the
/// encoded bundle.
struct DRAWBRIDGE_API KeyBundle {
  Bytes node_key;  ///< Ed25519, 32 bytes.
  std::map<std::string, SuiteKeys> suites;
  friend bool operator==(const KeyBundle&, const KeyBundle&) = default;

  Cbor cbor() const;
  static KeyBundle from(const Cbor& cbor);
  std::string node_id() const;
};

/// `drawbridge.card/1`, see docs/formats/card.md: what a node tells its peers of itself, signed by its node key and by
/// the signature key of every suite in its bundle. Cards are exchanged as text files.
struct DRAWBRIDGE_API Card {
  std::string name;  ///< What the node calls itself; 1 to 64 of a-z, 0-9, '-', '_', '.', and not like a node id.
  KeyBundle keys;
  std::vector<std::string> addresses;  ///< Where its transport listens: "host:port". May be empty.
  Timestamp issued{};
  Bytes node_signature;
  std::map<std::string, Bytes> suite_signatures;

  std::string node_id() const { return keys.node_id(); }
  /// What the signatures cover.
  Bytes signed_bytes() const;
};

/// The text of a card file, with BEGIN and END lines.
DRAWBRIDGE_API std::string format_card(const Card& card);
/// Reads a card and verifies the node key's signature. Throws Error{invalid} for a file that is none, Error{forbidden}
/// for a signature that does not hold. Suite signatures are checked by `verify_card`.
DRAWBRIDGE_API Card parse_card(std::string_view text);
/// Verifies the signature of one suite. Throws Error{unsupported} when the card has no keys of that suite,
/// Error{forbidden} when the signature does not hold.
DRAWBRIDGE_API void verify_card(const Card& card, const CipherSuite& suite);

/// "node_" and 64 hexadecimal digits.
DRAWBRIDGE_API bool is_node_id(std::string_view text);

}  // namespace drawbridge
