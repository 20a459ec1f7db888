#include <array>
#include <future>
#include <thread>

#include "drawbridge/card.h"
#include "drawbridge/ed25519.h"
#include "fixture.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

const std::vector<std::string> only_identity{"identity"};

/// Another node's keys, with a card as its node would write it. Its RSA keys are made once for the program.
class Stranger {
 public:
  explicit Stranger(const CipherSuite& suite) : suite_(suite) {
    static const KeyPair encryption = suite.generate_encryption_keys();
    static const KeyPair signature = suite.generate_signature_keys();
    encryption_ = &encryption;
    signature_ = &signature;
  }

  Card card(const std::string& name, Timestamp issued, const std::string& address = "host:1") const {
    Card card;
    card.name = name;
    card.keys.node_key = node.public_key;
    card.keys.suites["fernet"] = {encryption_->public_key, signature_->public_key};
    card.addresses = {address};
    card.issued = issued;
    sign(card);
    return card;
  }
  void sign(Card& card) const {
    card.node_signature = ed25519_sign(node.seed, card.signed_bytes());
    card.suite_signatures["fernet"] = suite_.sign(signature_->private_key, card.signed_bytes());
  }

  Ed25519Key node = ed25519_generate(system_random());

 private:
  const CipherSuite& suite_;
  const KeyPair* encryption_;
  const KeyPair* signature_;
};

/// One node for all of these tests; each forgets the peers that it added.
class IdentityTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    node = new TestNode("home");
    node->start(only_identity);
  }
  static void TearDownTestSuite() {
    delete node;
    node = nullptr;
  }
  void TearDown() override {
    for (const Peer& peer : node->identity()->peers()) remove(peer.card.node_id());
  }

  static Peer add(const Card& card) { return node->wait(node->identity()->add_peer(card)); }
  static bool remove(const std::string& id) { return node->wait(node->identity()->remove_peer(id)); }
  static void restart() {
    node->stop();
    node->start(only_identity);
  }
  static std::optional<Peer> find(const std::string& who) { return node->identity()->find_peer(who); }

  static TestNode* node;
  static Timestamp now() { return test_clock().now(); }
};
TestNode* IdentityTest::node = nullptr;

TEST_F(IdentityTest, TheIdAndTheCardStayOverARestart) {
  const std::string id = node->id();
  const std::string card = format_card(node->identity()->card());
  EXPECT_TRUE(is_node_id(id));
  EXPECT_EQ(parse_card(card).node_id(), id);
  EXPECT_NO_THROW(verify_card(parse_card(card), *node->suite()));
  test_clock().advance(1h);
  restart();
  EXPECT_EQ(node->id(), id);
  EXPECT_EQ(format_card(node->identity()->card()), card) << "nothing changed, so it is not signed anew";
}

TEST_F(IdentityTest, TheCardIsIssuedAnewWhenItChanges) {
  const std::string id = node->id();
  const Card first = node->identity()->card();
  test_clock().advance(1s);
  node->stop();
  node->addresses = "[\"127.0.0.1:8000\"]";
  node->start(only_identity);
  const Card second = node->identity()->card();
  EXPECT_EQ(node->id(), id);
  EXPECT_EQ(second.addresses, std::vector<std::string>{"127.0.0.1:8000"});
  EXPECT_GT(second.issued, first.issued);
  EXPECT_NO_THROW(verify_card(parse_card(format_card(second)), *node->suite()));
  node->stop();
  node->name = "renamed";
  node->start(only_identity);
  EXPECT_EQ(node->identity()->card().name, "renamed");
  EXPECT_GT(node->identity()->card().issued, second.issued);
}

TEST_F(IdentityTest, SignsAndUnwraps) {
  const auto identity = node->identity();
  const auto& keys = identity->card().keys.suites.at("fernet");
  EXPECT_TRUE(node->suite()->verify(keys.signature, view("message"), identity->sign(view("message"))));
  const Secret key = system_random().secret(32);
  const Bytes wrapped = node->suite()->wrap(keys.encryption, view("context"), key);
  EXPECT_TRUE(identity->unwrap(view("context"), wrapped).equals(key.bytes()));
  expect_throws(Code::cannot_open, [&] { identity->unwrap(view("other"), wrapped); });
}

TEST_F(IdentityTest, NoPrivateKeyIsStoredOpenly) {
  const Secret seed = node->identity()->node_key().seed.clone();
  for (const auto& [key, value] : node->backdoor()->records()) {
    EXPECT_EQ(text_view(value).find(seed.text()), std::string_view::npos) << key;
  }
}

TEST_F(IdentityTest, PeersComeAndGoAndStayOverARestart) {
  const Stranger stranger(*node->suite());
  const Card card = stranger.card("peer", now());
  EXPECT_FALSE(find("peer"));
  const Peer added = add(card);
  EXPECT_EQ(added.card.node_id(), card.node_id());
  restart();
  const auto found = find("peer");
  ASSERT_TRUE(found);
  EXPECT_EQ(format_card(found->card), format_card(card));
  EXPECT_EQ(found->added, added.added);
  EXPECT_EQ(node->identity()->peers().size(), 1u);
  EXPECT_EQ(node->identity()->peer_with_node_key(stranger.node.public_key)->card.name, "peer");
  EXPECT_FALSE(node->identity()->peer_with_node_key(Bytes(32, 0)));
  EXPECT_TRUE(remove(card.node_id()));
  EXPECT_FALSE(remove(card.node_id()));
  EXPECT_FALSE(remove("peer"));
  EXPECT_FALSE(find("peer"));
  restart();
  EXPECT_FALSE(find("peer"));
}

TEST_F(IdentityTest, ARemovalThatFailedCanBeRepeated) {
  const Stranger stranger(*node->suite());
  const Card card = stranger.card("peer", now());
  add(card);
  node->backdoor()->failing_commits() = 1;
  expect_throws(Code::unavailable, [&] { remove(card.node_id()); });
  EXPECT_TRUE(remove(card.node_id()));
  restart();
  EXPECT_FALSE(find("peer")) << "it must not come back";
}

TEST_F(IdentityTest, OnlyANewerCardReplaces) {
  const Stranger stranger(*node->suite());
  const Timestamp when = now();
  add(stranger.card("peer", when, "first:1"));
  EXPECT_EQ(add(stranger.card("peer", when - 1ms, "older:1")).card.addresses.front(), "first:1");
  EXPECT_EQ(add(stranger.card("peer", when, "same:1")).card.addresses.front(), "first:1");
  EXPECT_EQ(find("peer")->card.addresses.front(), "first:1");
  const Timestamp added = find("peer")->added;
  test_clock().advance(1s);
  EXPECT_EQ(add(stranger.card("peer-renamed", when + 1ms, "newer:1")).card.addresses.front(), "newer:1");
  EXPECT_FALSE(find("peer"));
  EXPECT_EQ(find("peer-renamed")->added, added);
  EXPECT_EQ(node->identity()->peers().size(), 1u);
}

TEST_F(IdentityTest, ForgedCardsAreRefused) {
  const Stranger stranger(*node->suite());
  const Stranger other(*node->suite());
  Card card = stranger.card("peer", now());
  card.addresses = {"evil:1"};
  expect_throws(Code::forbidden, [&] { add(card); });
  card.node_signature = ed25519_sign(stranger.node.seed, card.signed_bytes());
  expect_throws(
      Code::forbidden, [&] { add(card); }, "the suite's signature is of the old content");
  card = stranger.card("peer", now());
  card.node_signature = ed25519_sign(other.node.seed, card.signed_bytes());
  expect_throws(Code::forbidden, [&] { add(card); });
  card = stranger.card("peer", now());
  card.suite_signatures.clear();
  expect_throws(Code::unsupported, [&] { add(card); });
  card = stranger.card("peer", now());
  card.keys.suites["quantum"] = card.keys.suites["fernet"];
  card.keys.suites.erase("fernet");
  stranger.sign(card);
  expect_throws(Code::unsupported, [&] { add(card); });
  expect_throws(Code::invalid, [&] { add(stranger.card("Bad Name", now())); });
  expect_throws(Code::invalid, [&] { add(stranger.card(node->id().substr(0, 20), now())); });
  EXPECT_TRUE(node->identity()->peers().empty());
}

TEST_F(IdentityTest, TheOwnCardAndTakenNamesAreRefused) {
  expect_throws(Code::invalid, [&] { add(node->identity()->card()); });
  const Stranger first(*node->suite());
  const Stranger second(*node->suite());
  expect_throws(Code::conflict, [&] { add(first.card(node->identity()->card().name, now())); });
  add(first.card("peer", now()));
  expect_throws(Code::conflict, [&] { add(second.card("peer", now())); });
  add(second.card("other", now()));
  expect_throws(Code::conflict, [&] { add(second.card("peer", now() + 1s)); });
  EXPECT_EQ(find("other")->card.node_id(), second.card("x", now()).node_id());
}

/// Two cards are added at once: while the first is being written, the second is added too. Returns what each was
/// refused with.
std::array<std::optional<Code>, 2> add_at_once(TestNode& node, const Card& first, const Card& second) {
  std::promise<void> written;
  std::promise<void> second_ended;
  auto ended = second_ended.get_future();
  std::atomic<bool> begun = false;
  node.backdoor()->before_commit([&](const Batch& batch) {
    const bool peer = batch.changes().front().key.starts_with("peer/");
    if (!peer || begun.exchange(true)) return;
    written.set_value();
    ended.wait_for(100ms);  // where one waits for the other, as it should, this runs out
  });
  std::array<std::optional<Code>, 2> out;
  const auto add = [&](const Card& card, std::optional<Code>& refused) {
    try {
      node.wait(node.identity()->add_peer(card));
    } catch (const Error& error) {
      refused = error.code();
    }
  };
  std::thread slow([&] { add(first, out[0]); });
  written.get_future().wait();
  add(second, out[1]);
  second_ended.set_value();
  slow.join();
  node.backdoor()->before_commit({});
  return out;
}

TEST_F(IdentityTest, OfTwoCardsOfOneNodeAtOnceTheNewerStays) {
  for (int round = 0; round < 4; ++round) {
    const Stranger stranger(*node->suite());
    const Card older = stranger.card("peer", now(), "older:1");
    const Card newer = stranger.card("peer", now() + 1s, "newer:1");
    const auto refused = add_at_once(*node, older, newer);
    EXPECT_FALSE(refused[0] || refused[1]);
    EXPECT_EQ(find("peer")->card.addresses.front(), "newer:1");
    restart();
    ASSERT_TRUE(find("peer"));
    EXPECT_EQ(find("peer")->card.addresses.front(), "newer:1") << "what is stored is what was known";
    remove(newer.node_id());
  }
}

TEST_F(IdentityTest, TheSameCardTwiceAtOnceIsOnePeer) {
  const Stranger stranger(*node->suite());
  const Card card = stranger.card("peer", now());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(add(card).card.node_id(), card.node_id()); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(node->identity()->peers().size(), 1u);
}

TEST_F(IdentityTest, OfTwoNodesOfOneNameAtOnceOneIsRefused) {
  for (int round = 0; round < 4; ++round) {
    const Stranger first(*node->suite());
    const Stranger second(*node->suite());
    const Card one = first.card("peer", now());
    const Card other = second.card("peer", now());
    const auto refused = add_at_once(*node, one, other);
    EXPECT_FALSE(refused[0]);
    EXPECT_EQ(refused[1], Code::conflict);
    EXPECT_EQ(node->identity()->peers().size(), 1u);
    restart();
    EXPECT_EQ(find("peer")->card.node_id(), one.node_id());
    EXPECT_EQ(node->identity()->peers().size(), 1u);
    remove(one.node_id());
  }
}

TEST_F(IdentityTest, PeersAreFoundByTheBeginningOfTheirId) {
  const Stranger stranger(*node->suite());
  const std::string id = add(stranger.card("peer", now())).card.node_id();
  for (const std::size_t size : {std::size_t{13}, std::size_t{20}, std::size_t{69}})
    EXPECT_TRUE(find(id.substr(0, size))) << size;
  for (const std::string& bad :
       {std::string(), std::string("node_"), id.substr(0, 12), id + "0", id.substr(5), std::string("pee")}) {
    EXPECT_FALSE(find(bad)) << bad;
  }
}

/// Two cards whose ids begin alike: of some hundred thousand ids two have the same eight digits.
std::pair<Card, Card> lookalikes(const Stranger& stranger) {
  Card card = stranger.card("first", test_clock().now());
  std::map<std::string, Bytes> seen;
  for (std::uint64_t i = 0;; ++i) {
    Bytes encryption;
    append_u64be(encryption, i);
    card.keys.suites["fernet"].encryption = encryption;
    const auto [at, fresh] = seen.emplace(card.node_id().substr(0, 13), encryption);
    if (fresh) continue;
    Card other = card;
    other.name = "second";
    other.keys.suites["fernet"].encryption = at->second;
    stranger.sign(card);
    stranger.sign(other);
    return {card, other};
  }
}

TEST_F(IdentityTest, ABeginningThatFitsSeveralIsAConflict) {
  const Stranger stranger(*node->suite());
  const auto [first, second] = lookalikes(stranger);
  const std::string beginning = first.node_id().substr(0, 13);
  add(first);
  EXPECT_EQ(find(beginning)->card.name, "first");
  add(second);
  expect_throws(Code::conflict, [&] { find(beginning); });
  EXPECT_EQ(find(first.node_id())->card.name, "first");
  EXPECT_EQ(find(second.node_id())->card.name, "second");
}

}  // namespace
}  // namespace drawbridge
