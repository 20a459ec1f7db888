// What a TLS transport does as a server and a stream carrier; tls_links_test.cpp is about reaching peers.
#include <gtest/gtest.h>
#include <openssl/opensslv.h>

#include "drawbridge/wakeup.h"
#include "fixture.h"
#include "raw_peer.h"

namespace drawbridge::transport_test {
namespace {

LinkStatus link_to(const TestNode& node, const std::string& id) {
  for (const LinkStatus& link : node.transport->links()) {
    if (link.node_id == id) return link;
  }
  ADD_FAILURE() << "no link";
  return {};
}

TEST(Tls, DetailTellsVersionGroupAndCipher) {
  auto a = make_tls("alice");
  auto b = make_tls("bob");
  introduce_both(a, b);
  serve_echo(b);
  EXPECT_FALSE(link_to(a, b.id()).connected);
  EXPECT_EQ(a.ask(b), "hello");
  for (const LinkStatus& link : {link_to(a, b.id()), link_to(b, a.id())}) {
    EXPECT_TRUE(link.connected);
    EXPECT_NE(link.detail.find("TLSv1.3"), std::string::npos) << link.detail;
    EXPECT_NE(link.detail.find("25519"), std::string::npos) << link.detail;
    EXPECT_NE(link.detail.find("TLS_AES_256_GCM_SHA384"), std::string::npos) << link.detail;
  }
}

TEST(Tls, GroupsAreAnOption) {
  auto a = make_tls("alice", "    groups: [P-384]\n");
  auto b = make_tls("bob", "    groups: [X25519, P-384]\n");
  auto c = make_tls("carol", "    groups: [X25519]\n");
  introduce_both(a, b);
  introduce_both(a, c);
  serve_echo(b);
  serve_echo(c);
  EXPECT_EQ(a.ask(b), "hello");
  EXPECT_NE(link_to(a, b.id()).detail.find("384r1"), std::string::npos) << link_to(a, b.id()).detail;
  EXPECT_EQ(a.ask_and_fail(c).code(), Code::unavailable);
}

TEST(Tls, UnknownGroupIsRefusedAtStart) {
  try {
    make_tls("alice", "    groups: [no-such-group]\n");
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_NE(std::string(error.what()).find("no-such-group"), std::string::npos);
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Tls, PortInUseIsAClearError) {
  auto a = make_tls("alice");
  try {
    make_tls("bob", "", a.address);
    FAIL() << "two nodes on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find(a.address), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("in use"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("listen"), std::string::npos);
  }
}

TEST(Tls, WrongListenIsAClearError) {
  for (const char* listen : {"nowhere", "127.0.0.1:99999", "127.0.0.1:", "a host:80", "::1:80"}) {
    try {
      make_tls("alice", "", listen);
      ADD_FAILURE() << "it listens on " << listen;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid) << listen;
    }
  }
}

TEST(Tls, NodeThatListensNowhereCanDial) {
  auto a = make_tls("alice", "", "none");
  auto b = make_tls("bob");
  introduce_both(a, b);
  serve_echo(a);
  serve_echo(b);
  EXPECT_TRUE(a.address.empty());
  EXPECT_NE(b.ask_and_fail(a).hint().find("address"), std::string::npos);
  EXPECT_EQ(a.ask(b), "hello");
  EXPECT_EQ(b.ask(a), "hello");  // over the connection that alice dialed
}

struct Gate {
  std::atomic<int> inside{0};
  std::atomic<bool> open{false};
  Wakeup changed;
  void let_go() {
    open = true;
    changed.notify();
  }
};

Task<> wait_at(std::shared_ptr<Gate> gate) {
  ++gate->inside;
  for (;;) {
    const auto seen = gate->changed.version();
    if (gate->open) co_return;
    co_await gate->changed.wait(seen);
  }
}

TEST(Tls, StopLetsHandlersFinish) {
  auto a = make_tls("alice");
  auto b = make_tls("bob");
  introduce_both(a, b);
  const auto gate = std::make_shared<Gate>();
  b.transport->serve("slow/1", [gate](std::shared_ptr<Stream> stream) -> Task<> {
    co_await wait_at(gate);
    co_await stream->send(to_bytes("done"));
  });
  std::string answer;
  std::thread asking([&] {
    answer = to_text(a.node->wait(request(*a.transport, b.id(), "slow/1", to_bytes("x"), Milliseconds(20'000))));
  });
  ASSERT_TRUE(eventually([&] { return gate->inside == 1; }));
  std::thread stopping([&] { b.stop(); });
  // New streams are refused while the old one goes on.
  EXPECT_TRUE(eventually([&] { return a.ask_and_fail(b).code() == Code::unavailable; }));
  gate->let_go();
  asking.join();
  stopping.join();
  EXPECT_EQ(answer, "done");
  EXPECT_FALSE(b.node->abandoned());
}

TEST(Tls, StopEndsStreamsAfterTheDrainTime) {
  auto a = make_tls("alice");
  auto b = make_tls("bob", "    drain: 50ms\n");
  introduce_both(a, b);
  const auto failed = std::make_shared<std::atomic<bool>>(false);
  const auto received = std::make_shared<std::atomic<int>>(0);
  b.transport->serve("endless/1", [failed, received](std::shared_ptr<Stream> stream) -> Task<> {
    try {
      while (co_await stream->receive()) ++*received;
    } catch (const Error& error) {
      *failed = error.code() == Code::unavailable;
    }
  });
  const auto stream = a.node->wait(a.transport->open(b.id(), "endless/1"));
  a.node->wait(stream->send(to_bytes("x")));
  ASSERT_TRUE(eventually([&] { return *received == 1; }));
  b.stop();
  EXPECT_TRUE(*failed);
  EXPECT_FALSE(b.node->abandoned());
  EXPECT_THROW(a.node->wait(stream->receive()), Error);
}

TEST(Tls, ConnectionLostInMidStreamIsUnavailable) {
  auto b = make_tls("bob");
  RawPeer raw("raw");
  b.node->wait(b.identity->add_peer(raw.card()));
  const auto code = std::make_shared<std::atomic<int>>(-1);
  b.transport->serve("watch/1", [code](std::shared_ptr<Stream> stream) -> Task<> {
    try {
      while (co_await stream->receive()) continue;
    } catch (const Error& error) {
      *code = static_cast<int>(error.code());
    }
  });
  raw.join(b);
  raw.send({tls::FrameType::open, 1, to_bytes("watch/1")});
  raw.send({tls::FrameType::data, 1, to_bytes("x")});
  raw.send({tls::FrameType::ping, 0, Bytes(8)});
  ASSERT_TRUE(raw.next(tls::FrameType::pong));  // by then the stream is open
  raw.cut();
  EXPECT_TRUE(eventually([&] { return *code == static_cast<int>(Code::unavailable); }));
}

}  // namespace
}  // namespace drawbridge::transport_test
