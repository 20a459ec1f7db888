#pragma once

#include <memory>
#include <string>

#include "drawbridge/assets.h"
#include "drawbridge/host.h"
#include "drawbridge/http/server.h"
#include "drawbridge/identity.h"
#include "drawbridge/ledger.h"
#include "drawbridge/transport.h"

namespace drawbridge {

/// What the routes of the external interface work with. Outlives the server.
struct ExternalContext {
  Host* host = nullptr;
  Ref<Assets> assets;
  Ref<Identity> identity;
  Ref<Ledger> ledger;
  Ref<Transport> transport;
  std::uint64_t max_upload_bytes = 1_TiB;
  std::uint64_t max_json_content_bytes = 16_MiB;
};

/// Each adds the routes of one subject, as docs/rest.md describes them.
void add_share_routes(http::Router& router, ExternalContext& context);
void add_data_routes(http::Router& router, ExternalContext& context);
void add_ledger_routes(http::Router& router, ExternalContext& context);

/// The route's data hash as text that can be one ("sha256:" and 64 hexadecimal digits, or the digits alone). Throws
/// FieldErrors.
std::string hash_of(const http::Request& request);

/// One wrong field.
http::FieldErrors field_error(std::string field, std::string message);

/// "0x" and the hex of an event's leaf hash.
std::string tx_hash(const LedgerEvent& event);

}  // namespace drawbridge
