#include "fixture.h"

#include <csignal>
#include <thread>

namespace drawbridge::isolation_test {

kernel::NodeOptions isolation_options() {
  auto options = support::node_options();
  options.plugin_dirs.emplace_back(ISOLATION_BAD_PLUGINS);
  return options;
}

IsolatedNode::IsolatedNode(const std::string& yaml, bool start) {
  auto options = isolation_options();
  options.log_level = Level::debug;
  const auto text = "node: {name: test}\nlog: {file: " + (folder_ / "node.log").string() + "}\n" + yaml;
  node_ = kernel::Node::from_text(text, "test.yaml", options);
  if (start) node_->start();
}

std::string IsolatedNode::bad(const std::string& options, const std::string& isolate) {
  return "storage:\n  main: {plugin: test.bad, isolate: " + isolate + options + "}\n";
}

std::string IsolatedNode::get(const std::string& key) {
  const auto value = node_->wait(node_->find<Records>("main")->get(key));
  return value ? to_text(*value) : "(absent)";
}

Error IsolatedNode::error_of(const std::string& key) {
  try {
    get(key);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << key << " did not fail";
  return {Code::internal, ""};
}

std::string IsolatedNode::get_again(const std::string& key) {
  std::string out;
  const bool came = eventually([&] {
    try {
      out = get(key);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(name(error.code()), "unavailable") << error.what();
      return false;
    }
  });
  EXPECT_TRUE(came) << "it never came back:\n" << log();
  return out;
}

std::string IsolatedNode::log() const {
  return support::read_text(folder_ / "node.log");
}

ComponentStatus IsolatedNode::status() {
  for (auto& one : node_->status()) {
    if (one.name == "main") return one;
  }
  return {};
}

std::string config_errors(const std::string& yaml) {
  try {
    kernel::Node::from_text("node: {name: test}\n" + yaml, "test.yaml", isolation_options());
  } catch (const kernel::ConfigErrors& errors) {
    std::string out;
    for (const auto& error : errors.errors()) out += error.text() + "\n";
    return out;
  }
  return {};
}

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(Milliseconds(10));
  }
  return false;
}

bool is_alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

}  // namespace drawbridge::isolation_test
