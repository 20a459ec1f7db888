#pragma once

#include "drawbridge/access.h"
#include "drawbridge/assets.h"
#include "drawbridge/host.h"
#include "drawbridge/http/server.h"
#include "drawbridge/identity.h"
#include "drawbridge/keyring.h"
#include "drawbridge/ledger.h"
#include "drawbridge/transport.h"

namespace drawbridge {

/// What the routes of the internal interface work with. Outlives the server.
struct InternalContext {
  Host* host = nullptr;
  Timestamp started{};
  Ref<Access> access;
  Ref<Identity> identity;
  Ref<Keyring> keyring;
  Ref<Ledger> ledger;
  Ref<Transport> transport;
  Ref<Assets> assets;  ///< May be empty.
};

/// Every route here needs the scope `admin`, but for /health. See docs/rest.md.
inline http::RouteOptions admin(std::string summary) {
  return {.scope = "admin", .summary = std::move(summary)};
}

/// Keys, API keys: keys.cpp.
void add_key_routes(http::Router& router, InternalContext& context);

}  // namespace drawbridge
