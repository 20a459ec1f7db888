// A known peer that breaks the protocol: it loses its connection, and nobody else loses anything.
#include <gtest/gtest.h>

#include "drawbridge/cbor.h"
#include "drawbridge/wakeup.h"
#include "raw_peer.h"

namespace drawbridge::transport_test {
namespace {

using tls::Frame;
using tls::FrameType;

constexpr unsigned max_streams = 16;

class TlsHostile : public testing::Test {
 protected:
  void SetUp() override {
    introduce_both(alice_, bob_);
    serve_echo(bob_);
    // Never reads.
    bob_.transport->serve("mute/1", [this, never = never_](std::shared_ptr<Stream>) -> Task<> {
      ++running_;
      for (;;) {
        const auto seen = never->wakeup.version();
        if (never->over) co_return;
        co_await never->wakeup.wait(seen);
      }
    });
    bob_.node->wait(bob_.identity->add_peer(raw_.card()));
    raw_.join(bob_);
    ASSERT_TRUE(answers());  // so that bob has this connection in use
  }
  void TearDown() override {
    never_->over = true;
    never_->wakeup.notify();
    EXPECT_EQ(alice_.ask(bob_), "hello");
  }

  void send(FrameType type, std::uint64_t stream, Bytes payload = {}) { raw_.send({type, stream, std::move(payload)}); }
  void open(std::uint64_t stream, const char* protocol = "mute/1") {
    send(FrameType::open, stream, to_bytes(protocol));
  }
  /// Proves that bob still listens to the raw peer.
  bool answers() {
    send(FrameType::ping, 0, Bytes(8, 1));
    const auto pong = raw_.next(FrameType::pong);
    return pong && pong->payload == Bytes(8, 1);
  }

  TestNode alice_ = make_tls("alice");
  TestNode bob_ = make_tls("bob", "    max_streams: " + std::to_string(max_streams) + "\n");
  RawPeer raw_{"raw"};
  struct Never {
    std::atomic<bool> over{false};
    Wakeup wakeup;
  };
  std::shared_ptr<Never> never_ = std::make_shared<Never>();
  std::atomic<int> running_{0};
};

TEST_F(TlsHostile, WellBehavedPeerStays) {
  open(1, "echo/1");
  send(FrameType::data, 1, to_bytes("hi"));
  const auto echo = raw_.next(FrameType::data);
  ASSERT_TRUE(echo);
  EXPECT_EQ(to_text(echo->payload), "hi");
  send(FrameType::end, 1);
  ASSERT_TRUE(raw_.next(FrameType::end));
  send(FrameType::data, 1, to_bytes("after the stream is over: dropped"));
  EXPECT_TRUE(answers());
}

TEST_F(TlsHostile, OversizeFrame) {
  open(1);
  Bytes header{0, 4, 0, 1, static_cast<std::uint8_t>(FrameType::data), 0, 0, 0, 0, 0, 0, 0, 1};  // 262145 bytes
  raw_.send_bytes(header);
  raw_.expect_closed();
}

TEST_F(TlsHostile, HugeLengthIsNotAllocated) {
  Bytes header{0xff, 0xff, 0xff, 0xff, static_cast<std::uint8_t>(FrameType::data), 0, 0, 0, 0, 0, 0, 0, 1};
  raw_.send_bytes(header);
  raw_.expect_closed();
}

TEST_F(TlsHostile, UnknownFrameType) {
  for (const int type : {0, 10, 255}) {
    RawPeer raw("raw");
    raw.join(bob_);
    raw.send({static_cast<FrameType>(type), 0, {}});
    raw.expect_closed();
  }
}

TEST_F(TlsHostile, FramesOfStreamsThatNeverWere) {
  for (const FrameType type : {FrameType::data, FrameType::end}) {
    for (const std::uint64_t stream : {1, 2, 77}) {
      RawPeer raw("raw");
      raw.join(bob_);
      raw.send({type, stream, {}});
      raw.expect_closed();
    }
  }
}

TEST_F(TlsHostile, OpenOutOfTurn) {
  for (const auto& [first, second] : {std::pair{1, 1}, {5, 3}, {1, 2}}) {
    RawPeer raw("raw");
    raw.join(bob_);
    raw.send({FrameType::open, static_cast<std::uint64_t>(first), to_bytes("mute/1")});
    raw.send({FrameType::open, static_cast<std::uint64_t>(second), to_bytes("mute/1")});
    raw.expect_closed();
  }
}

TEST_F(TlsHostile, MoreThanTheCredit) {
  open(1);
  for (int i = 0; i < 4; ++i) send(FrameType::data, 1, Bytes(Stream::max_message_bytes));
  EXPECT_TRUE(answers());  // exactly the window is fine
  send(FrameType::data, 1, Bytes(1));
  raw_.expect_closed();
}

TEST_F(TlsHostile, EmptyMessagesCostToo) {
  open(1);
  for (int i = 0; i < 1024 * 1024 / 64; ++i) send(FrameType::data, 1);
  EXPECT_TRUE(answers());
  send(FrameType::data, 1);
  raw_.expect_closed();
}

TEST_F(TlsHostile, CreditBeyondTheWindow) {
  open(1);
  send(FrameType::credit, 1, Bytes{0, 0, 0, 1});
  raw_.expect_closed();
}

TEST_F(TlsHostile, CreditOfNothing) {
  open(1);
  send(FrameType::credit, 1, Bytes{0, 0, 0, 0});
  raw_.expect_closed();
}

TEST_F(TlsHostile, MessageAfterTheEnd) {
  open(1);
  send(FrameType::end, 1);
  send(FrameType::data, 1, Bytes(1));
  raw_.expect_closed();
}

TEST_F(TlsHostile, SecondHello) {
  raw_.send(tls::encode_hello(raw_.hello()));
  raw_.expect_closed();
}

TEST_F(TlsHostile, OpenAfterRetire) {
  open(1);
  send(FrameType::retire, 0);
  open(3);
  raw_.expect_closed();
}

TEST_F(TlsHostile, RetiredConnectionEndsWithItsLastStream) {
  open(1, "echo/1");
  send(FrameType::retire, 0);
  ASSERT_TRUE(raw_.next(FrameType::retire));
  send(FrameType::data, 1, to_bytes("still served"));
  ASSERT_TRUE(raw_.next(FrameType::data));
  send(FrameType::end, 1);
  ASSERT_TRUE(raw_.next(FrameType::end));
  raw_.expect_closed();
}

TEST_F(TlsHostile, ResetThatIsNoCbor) {
  open(1);
  send(FrameType::reset, 1, to_bytes("\xff\xff"));
  raw_.expect_closed();
}

TEST_F(TlsHostile, WrongHellos) {
  tls::Hello small = raw_.hello();
  small.window = 1000;
  tls::Hello odd = raw_.hello();
  odd.instance = Bytes(3);
  CborMap other{{"format", "drawbridge.transport/2"}};
  const std::vector<Frame> hellos = {tls::encode_hello(small),
                                     tls::encode_hello(odd),
                                     {FrameType::hello, 0, encode(Cbor(other))},
                                     {FrameType::hello, 0, Bytes{0xff}},
                                     {FrameType::ping, 0, Bytes(8)}};
  for (const Frame& hello : hellos) {
    RawPeer raw("raw");
    raw.connect(bob_);
    raw.send(hello);
    raw.expect_closed();
  }
}

TEST_F(TlsHostile, StreamsAreBounded) {
  constexpr unsigned flood = 200;
  for (unsigned i = 0; i < flood; ++i) open(2 * i + 1);
  unsigned refused = 0;
  while (refused < flood - max_streams) {
    const auto reset = raw_.next(FrameType::reset);
    ASSERT_TRUE(reset) << refused;
    EXPECT_EQ(tls::parse_reset(reset->payload).code(), Code::busy);
    ++refused;
  }
  EXPECT_TRUE(answers());
  EXPECT_TRUE(eventually([&] { return running_ == static_cast<int>(max_streams); }));
  EXPECT_EQ(alice_.ask(bob_), "hello");
  // A place that is given back can be taken again.
  send(FrameType::reset, 1, tls::encode_reset(1, Code::unavailable, "").payload);
  open(2 * flood + 1, "echo/1");
  send(FrameType::data, 2 * flood + 1, to_bytes("room"));
  EXPECT_TRUE(raw_.next(FrameType::data));
}

TEST_F(TlsHostile, AskingWithoutReadingTheAnswers) {
  Bytes flood;
  for (int i = 0; i < 10'000; ++i) {
    append(flood, BytesView(tls::encode_header({FrameType::ping, 0, Bytes(8)})));
    append(flood, BytesView(Bytes(8)));
  }
  for (int i = 0; i < 2000 && !raw_.broken(); ++i) raw_.send_bytes(flood);
  EXPECT_TRUE(raw_.broken());
}

// What a peer sends as an error's text reaches logs and terminals.
TEST_F(TlsHostile, ErrorTextIsTamed) {
  std::unique_ptr<Stream> stream = bob_.node->wait(bob_.transport->open(raw_.id(), "any/1"));
  const auto opened = raw_.next(FrameType::open);
  ASSERT_TRUE(opened);
  CborMap map{{"code", "no_such_code"}, {"message", "red \x1b[31m alert\n"}};
  send(FrameType::reset, opened->stream, encode(Cbor(map)));
  try {
    bob_.node->wait(stream->receive());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::internal);
    EXPECT_STREQ(error.what(), "red  [31m alert ");
  }
}

TEST_F(TlsHostile, PeerThatTakesNoMoreStreamsIsBusy) {
  std::vector<std::unique_ptr<Stream>> streams;
  const std::uint64_t bound = raw_.hello().max_streams;
  for (std::uint64_t i = 0; i < bound; ++i)
    streams.push_back(bob_.node->wait(bob_.transport->open(raw_.id(), "any/1")));
  try {
    bob_.node->wait(bob_.transport->open(raw_.id(), "any/1"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::busy);
  }
  streams.clear();
  EXPECT_TRUE(eventually([&] {
    try {
      bob_.node->wait(bob_.transport->open(raw_.id(), "any/1"));
      return true;
    } catch (const Error&) {
      return false;
    }
  }));
}

}  // namespace
}  // namespace drawbridge::transport_test
