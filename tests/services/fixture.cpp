#include "fixture.h"

#include <thread>

namespace drawbridge::test {

Timestamp ForwardClock::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()) + Milliseconds(ahead_.load());
}

ForwardClock& test_clock() {
  static ForwardClock clock;
  return clock;
}

TestNode::TestNode(std::string node_name, std::string assets) : name(std::move(node_name)), assets_(std::move(assets)) {
  static int number = 0;
  store_ = "store" + std::to_string(++number);
  dir_.write("password", "the master password\n");
}

TestNode::~TestNode() {
  stop();
}

std::string TestNode::yaml() const {
  const std::string files = "key_file: " + key_file().string() + ", password_file: " + password_file().string();
  return "node: {name: " + name + ", data: " + dir_.string() + "/data}\n" +
         "storage:\n  main: {plugin: test.storage, store: " + store_ + "}\n" +
         "ciphers:\n  suite: {plugin: cipher.fernet}\n" + "services:\n" +
         "  keyring: {plugin: service.keyring, records: main, " + files + "}\n" +
         "  identity: {plugin: service.identity, records: main, addresses: " + addresses + "}\n" +
         "  access: {plugin: service.access, records: main, cookie_file: " + dir_.string() + "/cookie}\n" +
         "  assets: {plugin: service.assets, records: main, blobs: main" + assets_ + "}\n" +
         "transports:\n  transport: {plugin: transport.loopback}\n" +
         "chains:\n  ledger: {plugin: chain.local, records: main}\n" +
         "keepers:\n  keeper: {plugin: keeper.owner, records: main}\n";
}

void TestNode::start(const std::vector<std::string>& only) {
  kernel::NodeOptions options = support::node_options();
  options.plugin_dirs.emplace_back(DRAWBRIDGE_SERVICES_TEST_PLUGINS);
  options.clock = &test_clock();
  node_ = kernel::Node::from_text(yaml(), "test.yaml", options);
  if (only.empty()) {
    node_->start();
  } else {
    node_->start(only);
  }
}

void TestNode::stop() {
  if (node_) node_->stop();
  node_.reset();
}

void TestNode::restart() {
  stop();
  start();
}

namespace {

std::unique_ptr<Nodes> all_nodes;

/// Stops the nodes before the static objects go that they use.
class StopNodes final : public testing::Environment {
 public:
  void TearDown() override { all_nodes.reset(); }
};
[[maybe_unused]] const auto* const registered = testing::AddGlobalTestEnvironment(new StopNodes);

}  // namespace

Nodes& nodes() {
  if (!all_nodes) {
    auto made = std::make_unique<Nodes>();
    const std::vector<TestNode*> each{&made->alice, &made->bob, &made->mallory};
    std::vector<std::thread> threads;
    for (TestNode* node : each) threads.emplace_back([node] { node->start(); });
    for (auto& thread : threads) thread.join();
    for (TestNode* node : each) {
      EXPECT_TRUE(is_node_id(node->id()));
      for (TestNode* other : each) {
        if (other != node) node->wait(node->identity()->add_peer(other->identity()->card()));
      }
    }
    all_nodes = std::move(made);
  }
  return *all_nodes;
}

std::string expect_throws(Code code, const std::function<void()>& action, const std::string& what) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name(error.code()), name(code)) << what << ": " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown: " << what;
  return {};
}

void eventually(const std::function<bool()>& holds, const std::string& what) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "never came true: " << what;
      return;
    }
    std::this_thread::sleep_for(Milliseconds(5));
  }
}

Bytes pattern(std::size_t size) {
  Bytes out(size);
  std::uint32_t state = 12345;
  for (auto& byte : out) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

}  // namespace drawbridge::test
