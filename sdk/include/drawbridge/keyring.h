#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/component.h"
#include "drawbridge/records.h"
#include "drawbridge/secret.h"

namespace drawbridge {

struct KeyVersion {
  std::uint32_t version = 0;
  Timestamp created{};
  bool current = false;
};

/// Keeps the node's secrets at rest: each is sealed under a versioned key, the versioned keys under the master
/// password.
///
/// A secret is stored by its owner, in whatever batch it belongs to, as the record `record_key(name)` in the storage
/// that the keyring uses too; so `rewrap` finds all of them:
///
///     batch.put(keyring.record_key("asset/" + id), keyring.seal("asset/" + id, secret));
///
/// All methods are thread-safe.
class DRAWBRIDGE_API Keyring : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Keyring";

  ~Keyring() override;

  /// Where a sealed secret of that name lives.
  static Key record_key(std::string_view name);

  /// Seals under the current version, bound to the name; the result names the version. At most 1 MiB.
  virtual Bytes seal(std::string_view name, const Secret& secret) const = 0;
  /// Opens what any kept version sealed. Throws Error{cannot_open}.
  virtual Secret open(std::string_view name, BytesView sealed) const = 0;

  virtual std::uint32_t current_version() const = 0;
  virtual std::vector<KeyVersion> versions() const = 0;

  /// Makes a new version current; the old ones still open. Durable when it returns.
  virtual Task<std::uint32_t> rotate() = 0;

  struct Rewrapped {
    std::uint64_t records = 0;          ///< How many were sealed anew under the current version.
    std::vector<std::uint32_t> unused;  ///< Older versions that no record needs any more.
  };
  /// Seals every stored secret anew under the current version, in steps that may be interrupted. `progress` gets (done,
  /// seen).
  virtual Task<Rewrapped> rewrap(std::function<void(std::uint64_t, std::uint64_t)> progress = {}) = 0;
};

}  // namespace drawbridge
