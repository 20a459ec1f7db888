#include "fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "support/node.h"

namespace drawbridge::transport_test {
namespace {

const std::string echo_protocol = "echo/1";
constexpr Milliseconds patience{20'000};

Task<> echo(std::shared_ptr<Stream> stream) {
  while (auto message = co_await stream->receive()) co_await stream->send(std::move(*message));
}

std::string listening_address(const kernel::Node& node) {
  for (const ComponentStatus& status : node.status()) {
    const std::string& detail = status.health.detail;
    const std::string before = "listening on ";
    if (status.name != "peers" || !detail.starts_with(before)) continue;
    return detail.substr(before.size(), detail.find(',') - before.size());
  }
  return {};
}

}  // namespace

Card TestNode::card() const {
  Card out = identity->card();
  if (!address.empty()) out.addresses = {address};
  return out;
}

std::string TestNode::ask(const TestNode& other, const std::string& text) {
  return to_text(node->wait(request(*transport, other.id(), echo_protocol, to_bytes(text), patience)));
}

std::string TestNode::ask_until_answered(const TestNode& other) {
  std::string last;
  for (int i = 0; i < 2000; ++i) {
    try {
      return ask(other);
    } catch (const Error& error) {
      last = error.what();
    }
    std::this_thread::sleep_for(Milliseconds(10));
  }
  ADD_FAILURE() << "never answered: " << last;
  return {};
}

Error TestNode::ask_and_fail(const TestNode& other) {
  try {
    ask(other);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "the request did not fail";
  return {Code::internal, ""};
}

TestNode make_node(const std::string& name, const std::string& plugin, const std::string& options) {
  const std::string yaml = "node: {name: " + name +
                           "}\nservices:\n  identity: {plugin: test.transport_identity, seed: " + name +
                           ", name: " + name + "}\ntransports:\n  peers:\n    plugin: " + plugin + "\n" + options;
  kernel::NodeOptions node_options = support::node_options();
  node_options.plugin_dirs.emplace_back(TRANSPORT_TEST_PLUGINS);
  TestNode out;
  out.node = kernel::Node::from_text(yaml, "test.yaml", node_options);
  out.node->start();
  out.identity = out.node->find<Identity>("identity");
  out.transport = out.node->find<Transport>("peers");
  out.address = listening_address(*out.node);
  return out;
}

TestNode make_tls(const std::string& name, const std::string& options, const std::string& listen) {
  return make_node(name, "transport.tls", "    listen: \"" + listen + "\"\n" + options);
}

void introduce(TestNode& knower, const TestNode& known) {
  knower.node->wait(knower.identity->add_peer(known.card()));
}

void introduce_both(TestNode& a, TestNode& b) {
  introduce(a, b);
  introduce(b, a);
}

void serve_echo(TestNode& node) {
  node.transport->serve(echo_protocol, echo);
}

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(Milliseconds(10));
  }
  return false;
}

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace drawbridge::transport_test
