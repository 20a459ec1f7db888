// How peers are reached: refusals, backoff, reconnects, two connections at once.
#include <gtest/gtest.h>

#include <thread>

#include "fixture.h"
#include "raw_peer.h"

namespace drawbridge::transport_test {
namespace {

const std::string quick = "    backoff_min: 1ms\n    backoff_max: 5ms\n";
const std::string once = "    backoff_min: 10m\n    backoff_max: 10m\n";

LinkStatus link_to(const TestNode& node, const std::string& id) {
  for (const LinkStatus& link : node.transport->links()) {
    if (link.node_id == id) return link;
  }
  ADD_FAILURE() << "no link";
  return {};
}

Card with_address(Card card, const std::string& address) {
  card.addresses = {address};
  return card;
}

TEST(TlsLinks, PeerWithAnotherKeyIsRefused) {
  auto a = make_tls("alice", once);
  auto b = make_tls("bob");
  auto mallory = make_tls("mallory");
  introduce(mallory, a);
  serve_echo(mallory);
  // Where bob should be, mallory listens, who even is a known peer.
  introduce(a, mallory);
  a.node->wait(a.identity->add_peer(with_address(b.card(), mallory.address)));
  const Error error = a.ask_and_fail(b);
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("another node key"), std::string::npos) << error.what();
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(a.ask(mallory), "hello");
}

TEST(TlsLinks, UnknownClientIsRefused) {
  auto b = make_tls("bob");
  auto mallory = make_tls("mallory");
  auto a = make_tls("alice");
  introduce(mallory, b);
  introduce_both(a, b);
  serve_echo(b);
  const Error error = mallory.ask_and_fail(b);
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(error.hint().find("card"), std::string::npos);
  EXPECT_EQ(a.ask(b), "hello");
}

TEST(TlsLinks, BackoffFailsFastWithTheLastError) {
  auto a = make_tls("alice", once);
  auto b = make_tls("bob");
  Relay relay(b.address);
  a.node->wait(a.identity->add_peer(with_address(b.card(), relay.address())));  // and bob does not know alice
  const Error first = a.ask_and_fail(b);
  EXPECT_EQ(relay.connections(), 1);
  introduce(b, a);
  for (int i = 0; i < 3; ++i) EXPECT_STREQ(a.ask_and_fail(b).what(), first.what());
  EXPECT_EQ(relay.connections(), 1) << "it dialed while backing off";
}

TEST(TlsLinks, DialsAgainAfterTheBackoff) {
  auto a = make_tls("alice", quick);
  auto b = make_tls("bob");
  introduce(a, b);
  serve_echo(b);
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);
  introduce(b, a);
  EXPECT_EQ(a.ask_until_answered(b), "hello");
}

TEST(TlsLinks, ReplacedCardIsHonoured) {
  auto a = make_tls("alice", quick);
  auto b = make_tls("bob");
  introduce(b, a);
  serve_echo(b);
  a.node->wait(a.identity->add_peer(with_address(b.card(), "127.0.0.1:1")));
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);
  introduce(a, b);
  EXPECT_EQ(a.ask_until_answered(b), "hello");
}

TEST(TlsLinks, SecondAddressIsTried) {
  auto a = make_tls("alice");
  auto b = make_tls("bob");
  introduce(b, a);
  serve_echo(b);
  Card card = b.card();
  card.addresses = {"127.0.0.1:1", "no address at all", b.address};
  a.node->wait(a.identity->add_peer(card));
  EXPECT_EQ(a.ask(b), "hello");
}

TEST(TlsLinks, CutConnectionIsUnavailableThenReconnects) {
  auto a = make_tls("alice", quick);
  auto b = make_tls("bob", quick);
  Relay relay(b.address);
  introduce(b, a);
  a.node->wait(a.identity->add_peer(with_address(b.card(), relay.address())));
  serve_echo(b);
  auto stream = a.node->wait(a.transport->open(b.id(), "echo/1"));
  a.node->wait(stream->send(to_bytes("x")));
  ASSERT_TRUE(a.node->wait(stream->receive()));
  relay.cut();
  try {
    a.node->wait(stream->receive());
    FAIL() << "the stream survived";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
  }
  EXPECT_THROW(a.node->wait(stream->send(to_bytes("y"))), Error);
  EXPECT_EQ(a.ask_until_answered(b), "hello");
  EXPECT_EQ(relay.connections(), 2);
}

TEST(TlsLinks, SilentPeerIsGivenUp) {
  auto a = make_tls("alice", "    keepalive: 50ms\n    keepalive_timeout: 50ms\n");
  auto b = make_tls("bob");
  Relay relay(b.address);
  introduce(b, a);
  a.node->wait(a.identity->add_peer(with_address(b.card(), relay.address())));
  serve_echo(b);
  auto stream = a.node->wait(a.transport->open(b.id(), "echo/1"));
  // Long enough that only PING and PONG keep it.
  std::this_thread::sleep_for(Milliseconds(400));
  a.node->wait(stream->send(to_bytes("x")));
  ASSERT_TRUE(a.node->wait(stream->receive()));
  relay.hold();
  try {
    a.node->wait(stream->receive());
    ADD_FAILURE() << "something came through";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no sign of life"), std::string::npos) << error.what();
  }
  relay.release();
}

TEST(TlsLinks, PeerRestartsOnTheSamePort) {
  auto a = make_tls("alice", quick);
  std::string address;
  {
    auto b = make_tls("bob");
    address = b.address;
    introduce_both(a, b);
    serve_echo(b);
    EXPECT_EQ(a.ask(b), "hello");
    b.stop();
  }
  auto b = make_tls("bob", "", address);
  introduce(b, a);
  serve_echo(b);
  EXPECT_EQ(a.ask_until_answered(b), "hello");
  EXPECT_EQ(b.address, address);
}

// The old connection is held open by a relay that passes nothing, so only the new instance shows that it is dead.
TEST(TlsLinks, NewInstanceReplacesTheOldConnection) {
  auto a = make_tls("alice");
  auto relay = std::make_unique<Relay>(a.address);
  {
    auto b = make_tls("bob", "    drain: 0ms\n");
    introduce(a, b);
    b.node->wait(b.identity->add_peer(with_address(a.card(), relay->address())));
    serve_echo(a);
    EXPECT_EQ(b.ask(a), "hello");
    relay->hold();
    b.stop();
  }
  auto b = make_tls("bob", "", "none");
  introduce(b, a);
  serve_echo(b);
  EXPECT_TRUE(link_to(a, b.id()).connected);
  EXPECT_EQ(b.ask(a), "hello");
  EXPECT_EQ(a.ask(b), "hello");
}

TEST(TlsLinks, RemovedPeerIsCutOff) {
  auto a = make_tls("alice");
  auto b = make_tls("bob");
  introduce_both(a, b);
  serve_echo(b);
  auto stream = a.node->wait(a.transport->open(b.id(), "echo/1"));
  a.node->wait(stream->send(to_bytes("x")));
  ASSERT_TRUE(a.node->wait(stream->receive()));
  ASSERT_TRUE(b.node->wait(b.identity->remove_peer(a.id())));
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);  // at once, by the look at each incoming stream
  EXPECT_THROW(a.node->wait(stream->receive()), Error);
}

TEST(TlsLinks, RemovedPeerIsCutOffWithoutNewStreams) {
  auto a = make_tls("alice");
  auto b = make_tls("bob");
  introduce_both(a, b);
  serve_echo(b);
  auto stream = a.node->wait(a.transport->open(b.id(), "echo/1"));
  a.node->wait(stream->send(to_bytes("x")));
  ASSERT_TRUE(a.node->wait(stream->receive()));
  ASSERT_TRUE(b.node->wait(b.identity->remove_peer(a.id())));
  EXPECT_THROW(a.node->wait(stream->receive()), Error);  // by the look every second
}

void ask_many(TestNode& asker, const TestNode& other, std::atomic<int>& failures) {
  for (int i = 0; i < 30; ++i) {
    try {
      if (asker.ask(other) != "hello") ++failures;
    } catch (const Error& error) {
      ++failures;
      ADD_FAILURE() << error.what();
    }
  }
}

// Whichever connection wins, no stream may be lost, and both sides must keep the same one, or they would dial again.
TEST(TlsLinks, BothDialAtOnce) {
  int crossed = 0;
  for (int round = 0; round < 40; ++round) {
    auto a = make_tls("alice");
    auto b = make_tls("bob");
    const Relay to_a(a.address);
    const Relay to_b(b.address);
    a.node->wait(a.identity->add_peer(with_address(b.card(), to_b.address())));
    b.node->wait(b.identity->add_peer(with_address(a.card(), to_a.address())));
    serve_echo(a);
    serve_echo(b);
    std::atomic<int> failures = 0;
    std::thread left([&] { ask_many(a, b, failures); });
    std::thread right([&] { ask_many(b, a, failures); });
    left.join();
    right.join();
    ASSERT_EQ(failures, 0) << "round " << round;
    // One is left, and it was dialed by one side: only that one sees an address of the other's.
    EXPECT_TRUE(eventually([&] {
      const bool a_dialed = link_to(a, b.id()).address == to_b.address();
      const bool b_dialed = link_to(b, a.id()).address == to_a.address();
      return a_dialed != b_dialed;
    })) << "round "
        << round;
    EXPECT_EQ(a.ask(b), "hello");
    EXPECT_EQ(b.ask(a), "hello");
    EXPECT_LE(to_a.connections(), 1) << "round " << round;
    EXPECT_LE(to_b.connections(), 1) << "round " << round;
    crossed += to_a.connections() + to_b.connections() == 2 ? 1 : 0;
  }
  EXPECT_GT(crossed, 0) << "the nodes never dialed at once";
}

}  // namespace
}  // namespace drawbridge::transport_test
