#include <gtest/gtest.h>

#include "fixture.h"

namespace drawbridge::transport_test {
namespace {

TestNode on_hub(const std::string& name, const std::string& hub) {
  return make_node(name, "transport.loopback", "    hub: " + hub + "\n");
}

TEST(Loopback, HubsAreIsolated) {
  auto a = on_hub("alice", "one");
  auto b = on_hub("bob", "two");
  introduce_both(a, b);
  serve_echo(b);
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);
}

TEST(Loopback, PeerMustKnowThisNode) {
  auto a = on_hub("alice", "knowing");
  auto b = on_hub("bob", "knowing");
  introduce(a, b);
  serve_echo(b);
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);
  introduce(b, a);
  EXPECT_EQ(a.ask(b), "hello");
}

TEST(Loopback, StoppedPeerIsUnavailable) {
  auto a = on_hub("alice", "stopping");
  auto b = on_hub("bob", "stopping");
  introduce_both(a, b);
  serve_echo(b);
  EXPECT_EQ(a.ask(b), "hello");
  b.stop();
  EXPECT_EQ(a.ask_and_fail(b).code(), Code::unavailable);
}

TEST(Loopback, SameIdentityTwiceIsRefused) {
  auto a = on_hub("alice", "twins");
  EXPECT_THROW(on_hub("alice", "twins"), Error);
}

}  // namespace
}  // namespace drawbridge::transport_test
