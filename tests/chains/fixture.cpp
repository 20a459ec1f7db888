#include "fixture.h"

#include <gtest/gtest.h>

namespace drawbridge::test {

std::unique_ptr<kernel::Node> ledger_node(const std::string& storage, const std::string& label,
                                          const std::string& ledger_options) {
  kernel::NodeOptions options = support::node_options();
  options.plugin_dirs.emplace_back(DRAWBRIDGE_CHAINS_TEST_PLUGINS);
  const std::string yaml = "node: {name: test}\nstorage:\n  main: " + storage +
                           "\nservices:\n  identity: {plugin: test.identity, label: " + label +
                           "}\nchains:\n  ledger: {plugin: chain.local, records: main" + ledger_options + "}\n";
  auto node = kernel::Node::from_text(yaml, "test.yaml", options);
  node->start();
  return node;
}

std::string test_storage(const std::string& store) {
  return "{plugin: test.records, store: " + store + "}";
}

std::string fresh_store() {
  static int number = 0;
  return "store" + std::to_string(++number);
}

testkit::LedgerSigner signer(const std::string& label) {
  return {labelled_id(label), labelled_key(label).public_key};
}

EventDraft draft(const std::string& subject) {
  return {"shared", subject, {{"owner", "node_a"}, {"grantee", "node_b"}}};
}

std::vector<LedgerEvent> append_events(kernel::Node& node, std::size_t count) {
  const auto ledger = node.find<Ledger>("ledger");
  std::vector<LedgerEvent> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(node.wait(ledger->append(draft("asset-" + std::to_string(i)))));
  return out;
}

Error thrown_by(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Code::internal, ""};
}

void expect_throws(Code code, const std::string& part, const std::function<void()>& action) {
  const Error error = thrown_by(action);
  EXPECT_EQ(name(error.code()), name(code)) << error.what();
  EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
      << "expected '" << part << "' in '" << error.what() << "'";
}

}  // namespace drawbridge::test
