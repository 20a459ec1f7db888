// service.identity: the keys of this node, and the cards of its peers.
//
// Records: "identity/card" the own card; the secret "identity" (see Keyring) the private keys; "peer/<node id>" a peer.
#include "drawbridge/identity.h"

#include <algorithm>

#include "drawbridge/handover.h"
#include "drawbridge/host.h"
#include "drawbridge/keyring.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"
#include "drawbridge/turns.h"
#include "peer_book.h"

namespace drawbridge {
namespace {

constexpr std::string_view secret_name = "identity";
constexpr std::string_view card_record = "identity/card";
constexpr std::string_view peer_prefix = "peer/";
constexpr std::size_t max_peers = 10'000;

struct PrivateKeys {
  Ed25519Key node;
  KeyPair encryption;
  KeyPair signature;
};

Secret encode_private(const PrivateKeys& keys) {
  return Secret(encode(CborMap{{"node", keys.node.seed.bytes()},
                               {"encryption", keys.encryption.private_key.bytes()},
                               {"encryption_public", keys.encryption.public_key},
                               {"signature", keys.signature.private_key.bytes()},
                               {"signature_public", keys.signature.public_key}}));
}

PrivateKeys decode_private(const Secret& secret) {
  const Cbor cbor = decode_cbor(secret.bytes());
  PrivateKeys keys;
  keys.node = ed25519_from_seed(Secret::copy_of(cbor.at("node").bytes()));
  keys.encryption = {cbor.at("encryption_public").bytes(), Secret::copy_of(cbor.at("encryption").bytes())};
  keys.signature = {cbor.at("signature_public").bytes(), Secret::copy_of(cbor.at("signature").bytes())};
  return keys;
}

Bytes encode_peer(const Peer& peer) {
  return encode(CborMap{{"card", format_card(peer.card)}, {"added", unix_ms(peer.added)}});
}

Peer decode_peer(BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  return {parse_card(cbor.at("card").text()), from_unix_ms(cbor.at("added").integer())};
}

class IdentityService final : public Identity {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the card and the peers are kept.");
    o.use("keyring", keyring_, "Seals the private keys at rest.");
    o.use("suite", suite_, "Makes and uses the keys.");
    o.text("name", name_, "What this node calls itself on its card; left out, node.name.");
    o.list("addresses", addresses_, "Where peers reach this node, as host:port, first choice first.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    if (name_.empty()) name_ = host.node_name();
    co_await load_or_make_keys();
    co_await load_or_issue_card();
    // With the same records, whom one of two generations meets or forgets, the other does too.
    const auto old = adopt<IdentityService>(host);
    bool same = false;
    if (old) same = co_await same_records(host, *records_, *old->records_);
    if (same) {
      book_ = old->book_;
    } else {
      co_await load_peers();
    }
  }

  const Card& card() const override { return card_; }
  const std::string& node_id() const override { return node_id_; }
  const Ed25519Key& node_key() const override { return keys_.node; }

  Bytes sign(BytesView message) const override { return suite_->sign(keys_.signature.private_key, message); }

  Secret unwrap(BytesView context, BytesView wrapped) const override {
    return suite_->unwrap(keys_.encryption.private_key, context, wrapped);
  }

  Task<Peer> add_peer(Card card) override {
    // Parsed anew: whoever made this Card, what is stored is what verifies.
    Peer peer{parse_card(format_card(card)), host_->clock().now()};
    verify_card(peer.card, *suite_);
    const std::string id = peer.card.node_id();
    if (id == node_id_) throw Error(Code::invalid, "this is the node's own card", "add the card of another node");
    const Turns::Turn turn = co_await changing_.take(std::string(peer_prefix));
    const auto known = book_->find(id);
    if (known && known->card.issued >= peer.card.issued) co_return *known;
    const auto namesake = book_->with_name(peer.card.name);
    if (peer.card.name == card_.name || (namesake && namesake->card.node_id() != id)) {
      throw Error(Code::conflict, "another node is called '" + peer.card.name + "'",
                  "one of the two has to change node.name, or remove the other with `drawbridge peers remove`");
    }
    if (!known && book_->all().size() >= max_peers) throw Error(Code::too_large, "there are 10000 peers already");
    if (known) peer.added = known->added;
    Batch batch;
    batch.put(Key(peer_prefix) + id, encode_peer(peer));
    co_await records_->commit(std::move(batch));
    book_->put(peer);
    host_->log().info("knows '{}' as {}", peer.card.name, id);
    co_return peer;
  }

  Task<bool> remove_peer(std::string node_id) override {
    if (!is_node_id(node_id)) co_return false;
    const Turns::Turn turn = co_await changing_.take(std::string(peer_prefix));
    const bool known = book_->erase(node_id);
    // The record decides: an earlier removal may have failed after the peer was forgotten here.
    const Key record = Key(peer_prefix) + node_id;
    if (!(co_await records_->get(record))) co_return known;
    Batch batch;
    batch.erase(record);
    co_await records_->commit(std::move(batch));
    co_return true;
  }

  std::vector<Peer> peers() const override { return book_->all(); }
  std::optional<Peer> find_peer(std::string_view who) const override { return book_->find(who); }
  std::optional<Peer> peer_with_node_key(BytesView key) const override { return book_->with_node_key(key); }

 private:
  Task<> load_or_make_keys() {
    const Key record = Keyring::record_key(secret_name);
    if (const auto sealed = co_await records_->get(record)) {
      keys_ = decode_private(keyring_->open(secret_name, *sealed));
      co_return;
    }
    host_->log().info("making the keys of this node");
    keys_ = co_await host_->blocking([this] {
      return PrivateKeys{ed25519_generate(host_->random()), suite_->generate_encryption_keys(),
                         suite_->generate_signature_keys()};
    });
    Batch batch;
    batch.expect_absent(record).put(record, keyring_->seal(secret_name, encode_private(keys_)));
    co_await records_->commit(std::move(batch));
  }

  /// The card is signed anew only when it says something else, so that its `issued` orders what a node says of itself.
  Task<> load_or_issue_card() {
    card_.name = name_;
    card_.addresses = addresses_;
    card_.keys.node_key = keys_.node.public_key;
    card_.keys.suites[std::string(suite_->suite())] = {keys_.encryption.public_key, keys_.signature.public_key};
    node_id_ = card_.keys.node_id();
    Timestamp not_before{};
    if (const auto stored = co_await records_->get(Key(card_record))) {
      Card last = parse_card(text_view(*stored));
      if (last.name == card_.name && last.addresses == card_.addresses && last.keys == card_.keys) {
        card_ = std::move(last);
        co_return;
      }
      not_before = last.issued + Milliseconds(1);
    }
    card_.issued = std::max(host_->clock().now(), not_before);  // newer than the last even when the clock went back
    const Bytes covered = card_.signed_bytes();
    card_.node_signature = ed25519_sign(keys_.node.seed, covered);
    card_.suite_signatures[std::string(suite_->suite())] = co_await host_->blocking([&] { return sign(covered); });
    const std::string text = format_card(card_);
    parse_card(text);  // refuses a bad name or address here, not at the peers
    Batch batch;
    batch.put(Key(card_record), to_bytes(text));
    co_await records_->commit(std::move(batch));
  }

  Task<> load_peers() {
    Key after;
    for (bool more = true; more;) {
      const Records::Page page = co_await records_->scan(Key(peer_prefix), after, 256);
      for (const auto& [key, value] : page.records) {
        book_->put(decode_peer(value));
        after = key;
      }
      more = page.more;
    }
  }

  Ref<Records> records_;
  Ref<Keyring> keyring_;
  Ref<CipherSuite> suite_;
  std::string name_;
  std::vector<std::string> addresses_;
  Host* host_ = nullptr;
  PrivateKeys keys_;
  Card card_;
  std::string node_id_;
  std::shared_ptr<PeerBook> book_ = std::make_shared<PeerBook>();
  Turns changing_;  // the book and its records, which a change reads and writes in several steps
};

}  // namespace

DRAWBRIDGE_PLUGIN(IdentityService, "service.identity", "0.1.0",
                  "The keys of this node, its card, and the cards of its peers.")

}  // namespace drawbridge
