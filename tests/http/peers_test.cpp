#include "drawbridge/http/peers.h"

#include <gtest/gtest.h>

#include "drawbridge/ed25519.h"
#include "drawbridge/http/json.h"

namespace drawbridge::http {
namespace {

/// Knows peers and nothing else.
class Known final : public Identity {
 public:
  const Card& card() const override { return card_; }
  const std::string& node_id() const override { return card_.name; }
  const Ed25519Key& node_key() const override { return key_; }
  Bytes sign(BytesView) const override { return {}; }
  Secret unwrap(BytesView, BytesView) const override { return {}; }
  Task<Peer> add_peer(Card card) override { co_return Peer{std::move(card), {}}; }
  Task<bool> remove_peer(std::string) override { co_return false; }
  std::vector<Peer> peers() const override { return known; }
  std::optional<Peer> find_peer(std::string_view) const override { return {}; }
  std::optional<Peer> peer_with_node_key(BytesView) const override { return {}; }

  std::vector<Peer> known;

 private:
  Card card_;
  Ed25519Key key_;
};

/// Has links and nothing else.
class Linked final : public Transport {
 public:
  void serve(std::string, Handler) override {}
  void withdraw(const std::string&) override {}
  Task<std::unique_ptr<Stream>> open(std::string, std::string) override {
    throw Error(Code::unavailable, "no links here");
    co_return nullptr;
  }
  std::vector<LinkStatus> links() const override { return all; }

  std::vector<LinkStatus> all;
};

Peer peer(const std::string& name, std::uint8_t key) {
  Peer out;
  out.card.name = name;
  out.card.addresses = {name + ":8000"};
  out.card.keys.node_key = Bytes(32, key);
  return out;
}

TEST(PeersReply, JoinsPeersAndLinks) {
  Known identity;
  identity.known = {peer("bob", 1), peer("carol", 2), peer("dave", 3)};
  Linked transport;
  const Timestamp when = from_unix_ms(1'700'000'000'000);
  transport.all = {{identity.known[1].card.node_id(), "carol:8000", false, when, "connection refused"},
                   {identity.known[0].card.node_id(), "10.0.0.1:8000", true, when, "TLS 1.3"},
                   {"node_stranger", "x:1", true, when, "of nobody that is known"}};
  const PeersReply reply = peers_reply(identity, transport);
  ASSERT_EQ(reply.peers.size(), 3u);
  EXPECT_EQ(reply.peers[0].name, "bob");
  EXPECT_EQ(reply.peers[0].node_id, identity.known[0].card.node_id());
  EXPECT_TRUE(reply.peers[0].connected);
  EXPECT_EQ(reply.peers[0].address, "10.0.0.1:8000");
  EXPECT_EQ(reply.peers[0].since, when);
  EXPECT_EQ(reply.peers[0].detail, "TLS 1.3");
  EXPECT_FALSE(reply.peers[1].connected);
  EXPECT_EQ(reply.peers[1].address, "carol:8000");
  EXPECT_FALSE(reply.peers[1].since) << "since when it is away is not known";
  EXPECT_EQ(reply.peers[1].detail, "connection refused");
  EXPECT_FALSE(reply.peers[2].connected);
  EXPECT_FALSE(reply.peers[2].address || reply.peers[2].since || reply.peers[2].detail);
  EXPECT_EQ(reply.peers[2].addresses, std::vector<std::string>{"dave:8000"});
}

}  // namespace
}  // namespace drawbridge::http
