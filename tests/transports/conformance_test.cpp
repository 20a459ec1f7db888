#include <gtest/gtest.h>

#include <atomic>

#include "drawbridge/testkit/transport_suite.h"
#include "fixture.h"
#include "support/suite.h"

namespace drawbridge::transport_test {
namespace {

std::pair<TestNode, TestNode> loopback_pair() {
  static std::atomic<int> number = 0;
  const std::string hub = "    hub: hub-" + std::to_string(number++) + "\n";
  return {make_node("alice", "transport.loopback", hub), make_node("bob", "transport.loopback", hub)};
}

std::pair<TestNode, TestNode> tls_pair() {
  return {make_tls("alice"), make_tls("bob")};
}

// One end in a process of its own, and both.
std::pair<TestNode, TestNode> isolated_tls_pair() {
  return {make_tls("alice", "    isolate: process\n"), make_tls("bob", "    isolate: process\n")};
}
std::pair<TestNode, TestNode> half_isolated_tls_pair() {
  return {make_tls("alice"), make_tls("bob", "    isolate: process\n")};
}

using TransportCase = testkit::Case<testkit::TransportPair>;

bool register_all(const char* suite, std::function<std::pair<TestNode, TestNode>()> make) {
  support::register_cases<TransportCase>(suite, testkit::transport_suite(), [make](const TransportCase& test) {
    auto [a, b] = make();
    introduce_both(a, b);
    testkit::TransportPair pair{*a.transport, a.id(), *b.transport, b.id()};
    a.node->wait(test.run(pair));
    a.stop();
    b.stop();
    EXPECT_FALSE(a.node->abandoned() || b.node->abandoned());
  });
  return true;
}

const bool registered = register_all("LoopbackTransport", loopback_pair) && register_all("TlsTransport", tls_pair) &&
                        register_all("IsolatedTlsTransport", isolated_tls_pair) &&
                        register_all("HalfIsolatedTlsTransport", half_isolated_tls_pair);

}  // namespace
}  // namespace drawbridge::transport_test
