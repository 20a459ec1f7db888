// An identity for the tests of this folder only: keys from a seed, peers as the test says, nothing verified or stored.
#include <algorithm>
#include <mutex>

#include "drawbridge/hash.h"
#include "drawbridge/identity.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

class TestIdentity final : public Identity {
 public:
  void options(Options& o) override {
    o.required_text("seed", seed_, "Any text; the node key is made from its hash.");
    o.text("name", card_.name, "The node's name.");
  }
  Task<> start(Host&) override {
    const Digest seed = sha256(view(seed_));
    key_ = ed25519_from_seed(Secret::copy_of(BytesView(seed)));
    card_.keys.node_key = key_.public_key;
    id_ = card_.node_id();
    co_return;
  }

  const Card& card() const override { return card_; }
  const std::string& node_id() const override { return id_; }
  const Ed25519Key& node_key() const override { return key_; }
  Bytes sign(BytesView message) const override { return ed25519_sign(key_.seed, message); }
  Secret unwrap(BytesView, BytesView) const override {
    throw Error(Code::unsupported, "a test identity unwraps nothing");
  }

  Task<Peer> add_peer(Card card) override {
    Peer peer{std::move(card), {}};
    const std::lock_guard lock(mutex_);
    std::erase_if(peers_, [&](const Peer& old) { return old.card.node_id() == peer.card.node_id(); });
    peers_.push_back(peer);
    co_return peer;
  }
  Task<bool> remove_peer(std::string node_id) override {
    const std::lock_guard lock(mutex_);
    co_return std::erase_if(peers_, [&](const Peer& old) { return old.card.node_id() == node_id; }) > 0;
  }
  std::vector<Peer> peers() const override {
    const std::lock_guard lock(mutex_);
    return peers_;
  }
  std::optional<Peer> find_peer(std::string_view who) const override {
    return find([&](const Card& card) { return card.node_id() == who || card.name == who; });
  }
  std::optional<Peer> peer_with_node_key(BytesView node_key) const override {
    return find([&](const Card& card) { return std::ranges::equal(card.keys.node_key, node_key); });
  }

 private:
  template <class Fits>
  std::optional<Peer> find(Fits fits) const {
    const std::lock_guard lock(mutex_);
    for (const Peer& peer : peers_) {
      if (fits(peer.card)) return peer;
    }
    return std::nullopt;
  }

  std::string seed_;
  Card card_;
  std::string id_;
  Ed25519Key key_;
  mutable std::mutex mutex_;
  std::vector<Peer> peers_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(TestIdentity, "test.transport_identity", "0.1.0", "An identity for the transports' tests.")

}  // namespace drawbridge
