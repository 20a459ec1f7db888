// test.identity: a node key that depends on a label alone, and nothing else of an identity.
#include "identity.h"

#include "drawbridge/identity.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

[[noreturn]] void leave() {
  throw Error(Code::unsupported, "test.identity has a node key only");
}

class TestIdentity final : public Identity {
 public:
  void options(Options& o) override { o.text("label", label_, "Another label, another key."); }

  Task<> start(Host&) override {
    id_ = test::labelled_id(label_);
    key_ = test::labelled_key(label_);
    co_return;
  }

  const Card& card() const override { leave(); }
  const std::string& node_id() const override { return id_; }
  const Ed25519Key& node_key() const override { return key_; }
  Bytes sign(BytesView) const override { leave(); }
  Secret unwrap(BytesView, BytesView) const override { leave(); }
  Task<Peer> add_peer(Card) override { leave(); }
  Task<bool> remove_peer(std::string) override { leave(); }
  std::vector<Peer> peers() const override { leave(); }
  std::optional<Peer> find_peer(std::string_view) const override { leave(); }
  std::optional<Peer> peer_with_node_key(BytesView) const override { leave(); }

 private:
  std::string label_ = "alice";
  std::string id_;
  Ed25519Key key_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::TestIdentity, "test.identity", "0.1.0", "A fixed node key, for tests.")
