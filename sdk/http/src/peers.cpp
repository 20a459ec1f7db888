#include "drawbridge/http/peers.h"

namespace drawbridge::http {

PeerReply peer_reply(const Card& card, const std::vector<LinkStatus>& links) {
  PeerReply out{card.node_id(), card.name, card.addresses, false, {}, {}, {}};
  for (const LinkStatus& link : links) {
    if (link.node_id != out.node_id) continue;
    out.connected = link.connected;
    if (!link.address.empty()) out.address = link.address;
    if (link.connected) out.since = link.since;
    if (!link.detail.empty()) out.detail = link.detail;
  }
  return out;
}

PeersReply peers_reply(const Identity& identity, const Transport& transport) {
  PeersReply reply;
  const std::vector<LinkStatus> links = transport.links();
  for (const Peer& peer : identity.peers()) reply.peers.push_back(peer_reply(peer.card, links));
  return reply;
}

}  // namespace drawbridge::http
