#pragma once

#include <boost/describe/class.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/export.h"
#include "drawbridge/http/json.h"
#include "drawbridge/identity.h"
#include "drawbridge/transport.h"

namespace drawbridge::http {

/// A peer and how the link to it stands, as every interface answers it in JSON; see docs/rest.md.
struct PeerReply {
  std::string node_id;
  std::string name;
  std::vector<std::string> addresses;  ///< As its card says.
  bool connected = false;
  std::optional<std::string> address;  ///< The one in use, or tried last.
  std::optional<Timestamp> since;      ///< When it was connected.
  std::optional<std::string> detail;   ///< See LinkStatus.
};
BOOST_DESCRIBE_STRUCT(PeerReply, (), (node_id, name, addresses, connected, address, since, detail))

struct PeersReply {
  std::vector<PeerReply> peers;
};
BOOST_DESCRIBE_STRUCT(PeersReply, (), (peers))

/// One peer by its card, joined with its link; a peer without a link is not connected.
DRAWBRIDGE_API PeerReply peer_reply(const Card& card, const std::vector<LinkStatus>& links);

/// All peers that the identity knows. Links to others are left out. Does not wait; thread-safe.
DRAWBRIDGE_API PeersReply peers_reply(const Identity& identity, const Transport& transport);

}  // namespace drawbridge::http
