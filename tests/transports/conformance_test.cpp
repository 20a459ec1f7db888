#include <gtest/gtest.h>

#include <atomic>

#include "drawbridge/testkit/transport_suite.h"
#include "fixture.h"

namespace drawbridge::transport_test {
namespace {

using Make = std::function<std::pair<TestNode, TestNode>()>;
using TransportCase = testkit::Case<testkit::TransportPair>;

class TransportConformance final : public testing::Test {
 public:
  TransportConformance(TransportCase test, Make make) : test_(std::move(test)), make_(std::move(make)) {}

  void TestBody() override {
    auto [a, b] = make_();
    introduce_both(a, b);
    testkit::TransportPair pair{*a.transport, a.id(), *b.transport, b.id()};
    try {
      a.node->wait(test_.run(pair));
    } catch (const Error& error) {
      FAIL() << name(error.code()) << ": " << error.what();
    } catch (const std::exception& failure) {
      FAIL() << failure.what();
    }
    a.stop();
    b.stop();
    EXPECT_FALSE(a.node->abandoned() || b.node->abandoned());
  }

 private:
  TransportCase test_;
  Make make_;
};

std::pair<TestNode, TestNode> loopback_pair() {
  static std::atomic<int> number = 0;
  const std::string hub = "    hub: hub-" + std::to_string(number++) + "\n";
  return {make_node("alice", "transport.loopback", hub), make_node("bob", "transport.loopback", hub)};
}

std::pair<TestNode, TestNode> tls_pair() {
  return {make_tls("alice"), make_tls("bob")};
}

bool register_all(const char* suite, Make make) {
  for (const TransportCase& test : testkit::transport_suite()) {
    testing::RegisterTest(suite, test.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [test, make]() -> testing::Test* { return new TransportConformance(test, make); });
  }
  return true;
}

const bool registered = register_all("LoopbackTransport", loopback_pair) && register_all("TlsTransport", tls_pair);

}  // namespace
}  // namespace drawbridge::transport_test
