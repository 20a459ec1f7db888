#pragma once

#include <map>
#include <optional>
#include <string>

#include "drawbridge/cipher_suite.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"

namespace drawbridge {

/// What nodes say to each other of assets, over the transport protocol "drawbridge.assets/1"; see
/// docs/formats/announcement.md.
inline constexpr std::string_view assets_protocol = "drawbridge.assets/1";

/// The owner's signed word that an asset is granted. It carries the proof that the sharing is in the owner's ledger,
/// and the wrapped key where the policy has no condition.
struct Announcement {
  Grant grant;
  std::string suite;
  std::uint64_t envelope_size = 0;
  std::string proof;
  std::optional<Bytes> wrapped;
};

/// The details of the event "shared", which commit the owner to the whole grant.
std::map<std::string, std::string> shared_details(const Grant& grant);

/// Encoded and signed with the owner's signature key. Signing computes for milliseconds: call it on the blocking pool.
Bytes sign_announcement(const Announcement& announcement, const Identity& identity);

/// Reads and verifies against the owner's card. Throws invalid, forbidden (the signature, or the proof it carries, does
/// not hold).
Announcement open_announcement(BytesView bytes, const Card& owner, const CipherSuite& suite);

/// The owner's id as the announcement claims it, to find the card by. Throws invalid.
std::string claimed_owner(BytesView bytes);

/// The messages that open a stream. Each is answered with one message (empty where there is nothing to say); `fetch` is
/// answered with the envelope's size and then its bytes, as they are.
struct AssetsMessage {
  std::string op;      ///< "announce", "revoked", "release" or "fetch"
  std::string asset;   ///< all but announce
  Bytes announcement;  ///< announce
};
Bytes encode_message(const AssetsMessage& message);
AssetsMessage decode_message(BytesView bytes);

/// The answer to `release`.
struct Released {
  Bytes announcement;
  Bytes wrapped;
};
Bytes encode_released(const Released& released);
Released decode_released(BytesView bytes);

}  // namespace drawbridge
