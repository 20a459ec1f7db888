#pragma once

#include <memory>
#include <string>

#include "drawbridge/identity.h"
#include "drawbridge/transport.h"
#include "kernel/node.h"

namespace drawbridge::transport_test {

/// A node with nothing but a test identity and a transport.
struct TestNode {
  std::unique_ptr<kernel::Node> node;  // first, so that it is destroyed last
  std::shared_ptr<Identity> identity;
  std::shared_ptr<Transport> transport;
  std::string address;  ///< Where it listens.

  const std::string& id() const { return identity->node_id(); }
  /// Its card, as it would give it to somebody now.
  Card card() const;
  /// One request to a peer's "echo/1", as text.
  std::string ask(const TestNode& other, const std::string& text = "hello");
  /// The same until it works: after something was cut, the first tries may fail.
  std::string ask_until_answered(const TestNode& other);
  /// The error of such a request; fails the test when there is none.
  Error ask_and_fail(const TestNode& other);
  void stop() { node->stop(); }
};

/// `options` are more lines of the transport, each indented by four.
TestNode make_node(const std::string& name, const std::string& plugin, const std::string& options = {});
TestNode make_tls(const std::string& name, const std::string& options = {}, const std::string& listen = "127.0.0.1:0");

/// `knower` learns of `known`.
void introduce(TestNode& knower, const TestNode& known);
void introduce_both(TestNode& a, TestNode& b);

/// Serves "echo/1".
void serve_echo(TestNode& node);

/// Looks until it holds; false when it did not within a minute.
bool eventually(const std::function<bool()>& holds);

/// The port of "127.0.0.1:8000".
std::uint16_t port_of(const std::string& address);

}  // namespace drawbridge::transport_test
