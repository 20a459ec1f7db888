#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/checkpoint.h"
#include "drawbridge/component.h"
#include "drawbridge/envelope.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// Where content comes from: an upload, a file, a buffer.
class DRAWBRIDGE_API ByteSource {
 public:
  virtual ~ByteSource();
  /// Fills the front of `out` and returns how much; 0 at the end. Throws when the content breaks off: nothing is then
  /// shared.
  virtual Task<std::size_t> read(MutableBytes out) = 0;
};

/// Where several grantees or conditions are wanted, more fields come here.
struct ShareRequest {
  std::string recipient;  ///< A peer's id, name or unique beginning of its id; or this node itself.
  ContentInfo info;
  std::optional<Timestamp> expires;
};

struct Shared {
  std::string asset;      ///< "sha256:…", the hash of the envelope.
  std::string recipient;  ///< The full node id.
  std::string suite;
  std::uint32_t key_version = 0;
  LedgerEvent event;  ///< The "shared" event.
  std::uint64_t content_size = 0;
  bool delivered =
      false;  ///< The grantee has confirmed the announcement; otherwise it is sent again in the background.
};

/// An asset as this node sees it.
struct AssetInfo {
  std::string asset;
  std::string role;  ///< "owner" or "grantee".
  std::string owner;
  std::vector<std::string> grantees;
  ContentInfo info;
  std::uint64_t content_size = 0;  ///< 0 until a received asset was first opened.
  std::uint64_t envelope_size = 0;
  Timestamp time{};  ///< When it was shared, by the owner's clock.
  std::optional<Timestamp> expires;
  std::string state;     ///< "active", "expired" or "revoked".
  std::string delivery;  ///< Owner: "delivered" or "pending". Grantee: "stored" or "remote".
  std::string suite;
};

/// An asset opened for reading. Used by one task at a time.
class DRAWBRIDGE_API OpenAsset {
 public:
  virtual ~OpenAsset();
  virtual const AssetInfo& info() const = 0;
  /// Content bytes from `offset` into `out`; less than asked only at the end. Throws cannot_open, unavailable.
  virtual Task<std::size_t> read(std::uint64_t offset, MutableBytes out) = 0;
};

struct AssetQuery {
  std::optional<Timestamp> from;  ///< Inclusive.
  std::optional<Timestamp> to;    ///< Exclusive.
  std::string recipient;          ///< Id, name or beginning of an id; empty: any.
  std::string role;               ///< "owner", "grantee" or empty.
  std::string cursor;             ///< From the previous page.
  std::size_t limit = 100;        ///< 1 to 1 000.
};

struct Verification {
  bool verified = false;
  std::string reason;                ///< Why not.
  std::optional<LedgerEvent> event;  ///< The first event of the asset in this node's ledger.
  std::string checkpoint;
  std::string proof;  ///< The text of the proof file, without the opening.
};

/// One chunk of an asset as a token that other software opens, see ChunkCipher::portable_key.
struct PortableChunk {
  std::uint64_t index = 0;
  std::uint64_t count = 0;
  Secret key;
  Bytes sealed;
  std::string format;  ///< The suite whose token it is: "fernet".
};

/// Sharing: seal once, grant, release by policy, prove. All methods are thread-safe.
/// Ids are accepted with and without their "sha256:" prefix.
class DRAWBRIDGE_API Assets : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Assets";

  ~Assets() override;

  /// Seals the content as it streams, stores the envelope, entrusts the key, records the event, announces it. Durable
  /// when it returns. `content` must outlive the task. Throws not_found for an unknown recipient (before anything is
  /// read), invalid for an expiry in the past.
  virtual Task<Shared> share(ShareRequest request, ByteSource& content) = 0;

  /// Obtains the key (asking the owner where the policy wants it), fetches the envelope where it is not here yet,
  /// records the release. Throws not_found, forbidden, gone, unavailable (the owner is needed and away), cannot_open.
  virtual Task<std::unique_ptr<OpenAsset>> open(std::string asset) = 0;

  virtual Task<std::optional<AssetInfo>> find(std::string asset) = 0;

  struct Page {
    std::vector<AssetInfo> assets;  ///< Newest first.
    std::string cursor;             ///< Empty on the last page.
  };
  virtual Task<Page> list(AssetQuery query) = 0;

  /// Checks the asset's event against the ledger's signed head, and with `deep` every byte of the stored envelope
  /// against its address.
  virtual Task<Verification> verify(std::string asset, bool deep) = 0;

  /// The proof file of the asset's first event, with its opening. Throws not_found.
  virtual Task<std::string> proof(std::string asset) = 0;

  /// Ends the grants of an asset (of one recipient, or of all), records it and tells the grantees. Only the owner can:
  /// forbidden. What was opened before cannot be taken back.
  virtual Task<> revoke(std::string asset, std::optional<std::string> recipient) = 0;

  /// Throws unsupported when the suite's chunks are of no portable format, invalid for an index that is too high.
  virtual Task<PortableChunk> export_chunk(std::string asset, std::uint64_t index) = 0;

  /// How many messages to peers, announcements and revocations, are not delivered yet and are tried again.
  virtual Task<std::uint64_t> pending() = 0;
};

}  // namespace drawbridge
