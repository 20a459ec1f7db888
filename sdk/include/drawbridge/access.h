#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/clock.h"
#include "drawbridge/component.h"

namespace drawbridge {

/// A client of this node's REST interfaces, as its API key tells. Scopes: "read" (open, list, verify), "share"
/// (share, revoke), "admin" (everything, and keys, peers and API keys).
struct ApiClient {
  std::string id;
  std::string name;
  std::vector<std::string> scopes;
  Timestamp created{};
  std::optional<Timestamp> expires;

  DRAWBRIDGE_API bool may(std::string_view scope) const;
};

/// The API keys of a node, kept as hashes. All methods are thread-safe.
class DRAWBRIDGE_API Access : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Access";

  ~Access() override;

  /// Whose key this is, or nothing. Fast and does not wait: a hash and a comparison in constant time.
  virtual std::optional<ApiClient> check(std::string_view presented) const = 0;

  struct Created {
    ApiClient client;
    std::string key;  ///< Told once; only its hash is kept.
  };
  /// Throws invalid for an unknown scope, or a name that is not 1 to 64 of a-z, 0-9, '-', '_', '.'.
  virtual Task<Created> create(std::string name, std::vector<std::string> scopes, std::optional<Timestamp> expires) = 0;
  /// Whether there was such a key. Effective at once.
  virtual Task<bool> revoke(std::string id) = 0;
  virtual std::vector<ApiClient> list() const = 0;
};

}  // namespace drawbridge
