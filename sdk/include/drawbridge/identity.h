#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drawbridge/card.h"
#include "drawbridge/component.h"
#include "drawbridge/ed25519.h"

namespace drawbridge {

/// A node that this one knows: its card, and since when.
struct Peer {
  Card card;
  Timestamp added{};
};

/// Who this node is and whom it knows. The private keys never leave it, but for the node key, which the transport
/// needs. All methods are thread-safe and, once started, those that return no Task do not wait.
class DRAWBRIDGE_API Identity : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Identity";

  ~Identity() override;

  virtual const Card& card() const = 0;
  virtual const std::string& node_id() const = 0;
  virtual const Ed25519Key& node_key() const = 0;

  /// With this node's signature key in the node's suite.
  virtual Bytes sign(BytesView message) const = 0;
  /// With this node's encryption key. Throws Error{cannot_open}.
  virtual Secret unwrap(BytesView context, BytesView wrapped) const = 0;

  /// Verifies a card and remembers it. A card of a known node replaces the older one when it was issued later, else it
  /// is kept as it is. Throws forbidden for a card that does not verify, conflict for another node's name, invalid for
  /// this node's own card.
  virtual Task<Peer> add_peer(Card card) = 0;
  /// Whether there was such a peer.
  virtual Task<bool> remove_peer(std::string node_id) = 0;

  virtual std::vector<Peer> peers() const = 0;
  /// By node id, by name, or by a beginning of the id ("node_" and at least 8 digits) that fits one peer only. Throws
  /// conflict when it fits several.
  virtual std::optional<Peer> find_peer(std::string_view who) const = 0;
  virtual std::optional<Peer> peer_with_node_key(BytesView node_key) const = 0;
};

}  // namespace drawbridge
