#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drawbridge/assets.h"
#include "drawbridge/keyring.h"
#include "drawbridge/records.h"

namespace drawbridge {

/// What the catalog keeps of an asset. Names and types of content are not here but in the sealed secret beside it.
struct AssetRecord {
  std::string asset;
  bool owned = false;
  std::string owner;
  std::vector<std::string> grantees;
  std::uint64_t envelope_size = 0;
  Timestamp time{};
  std::optional<Timestamp> expires;
  std::optional<Timestamp> revoked;
  std::string suite;
  bool delivered = false;  ///< Owner: the grantees have confirmed. Grantee: the envelope is stored here.
};

/// The secret part: the data key (owner only), and what the envelope says of its content.
struct AssetSecret {
  Secret data_key;
  ContentInfo info;
  std::uint64_t content_size = 0;
};

/// The assets of a node in its records:
///
///  - "asset/<id>" an AssetRecord, "asset-time/<inverted time><id>" its place in the list, newest first;
///  - the secret "asset/<id>" (see Keyring) an AssetSecret;
///  - "received/<id>" the owner's announcement, at the grantee.
///
/// Thread-safe as its records are; what changes a record does so with a precondition.
class Catalog {
 public:
  Catalog(Records& records, const Keyring& keyring) : records_(records), keyring_(keyring) {}

  /// Puts a new asset into the batch.
  void add(Batch& batch, const AssetRecord& record, const AssetSecret& secret) const;
  /// Takes it out again; fine when it is not there. `time` is the record's.
  void remove(Batch& batch, const std::string& asset, Timestamp time) const;

  Task<std::optional<AssetRecord>> find(std::string asset) const;
  Task<AssetSecret> secret(std::string asset) const;
  Task<> put_secret(std::string asset, AssetSecret secret) const;

  /// Applies `change` to the record until no one else was faster; nothing happens when there is no such asset.
  Task<> update(std::string asset, std::function<void(AssetRecord&)> change) const;

  struct Page {
    std::vector<AssetRecord> records;
    std::string cursor;  ///< Empty on the last page.
  };
  /// Newest first, those that `query` wants (its recipient being a full id or empty). Reads a bounded number of
  /// records, so a page may be short.
  Task<Page> list(AssetQuery query) const;

 private:
  Records& records_;
  const Keyring& keyring_;
};

}  // namespace drawbridge
