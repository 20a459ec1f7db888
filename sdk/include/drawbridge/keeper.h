#pragma once

#include <optional>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/component.h"
#include "drawbridge/policy.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// An asset, for a grantee, under a policy, with a keeper.
struct DRAWBRIDGE_API Grant {
  std::string asset;
  std::string owner;  ///< Node ids.
  std::string grantee;
  Policy policy = Policy::recipient({});
  std::string keeper;  ///< "owner"
  Timestamp created{};

  Cbor cbor() const;
  /// Throws Error{invalid}.
  static Grant from(const Cbor& cbor);
  /// What a wrapped key is bound to: the domain "drawbridge.wrapped-key/1", asset, owner, grantee, and the hash of the
  /// policy.
  Bytes context() const;
};

/// Holds what is needed to release an asset's key to a grantee, and decides when. All methods are thread-safe.
class DRAWBRIDGE_API Keeper : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Keeper";

  ~Keeper() override;

  /// As grants name it: "owner".
  virtual std::string_view keeper() const = 0;

  /// Takes charge of a grant and its data key; durable when it returns. For an unconditional policy it returns the key
  /// wrapped for the grantee, to travel with the announcement; else nothing. Throws not_found for an unknown grantee.
  virtual Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) = 0;

  /// The key of an asset, wrapped for `grantee`, if the policy holds now. Throws not_found (no such asset here),
  /// forbidden (no grant, or the policy does not hold), gone (expired or revoked).
  virtual Task<Bytes> release(std::string asset, std::string grantee) = 0;

  /// No release from now on. Throws not_found when there is no such grant; revoking twice is fine.
  virtual Task<> revoke(std::string asset, std::string grantee) = 0;

  /// Takes `entrust` back, for a share that failed afterwards: as if there had never been such a grant. Fine when there
  /// is none. A keeper that cannot forget revokes, which is what this does unless it is overridden.
  virtual Task<> forget(std::string asset, std::string grantee);
};

}  // namespace drawbridge
