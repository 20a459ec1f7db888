#include "kernel/verify/bench.h"

#include <fmt/core.h>

#include <cstdlib>
#include <cstring>

#include "kernel/node.h"
#include "kernel/verify/mount.h"
#include "kernel/verify/process.h"

namespace drawbridge::verify {
namespace {

template <std::size_t n>
void copy_text(char (&to)[n], const std::string& from) {
  std::memcpy(to, from.data(), std::min(from.size(), n));
}

}  // namespace

NodeBench::NodeBench(const Settings& settings, Subject subject, ConfigText config, Channel channel)
    : settings_(settings),
      subject_(std::move(subject)),
      config_(std::move(config)),
      channel_(std::move(channel)),
      plugin_(kernel::Loader(subject_.folders).load(subject_.id)) {
  copy_text(descriptor_.id, subject_.id);
  copy_text(descriptor_.version, subject_.version);
  copy_text(descriptor_.summary, subject_.summary);
}

std::shared_ptr<Component> NodeBench::create() {
  note("in create()");
  return plugin_.create();
}

std::unique_ptr<testkit::Mount> NodeBench::mount(const std::string& node_name) {
  const auto data = settings_.scratch / (node_name + "-" + std::to_string(++mounts_));
  std::filesystem::create_directory(data);
  kernel::NodeOptions options;
  options.plugin_dirs = subject_.folders;
  options.log_level = Level::warning;
  auto node = kernel::Node::from_text(config_.for_node(node_name, data), config_.file(), std::move(options));
  return std::make_unique<NodeMount>(*this, plugin_, config_.component(), std::move(node));
}

void NodeBench::try_option(const std::string& name, const std::string& value) {
  const auto mounted = mount("alice");
  dynamic_cast<NodeMount&>(*mounted).try_option(name, value);
}

std::chrono::microseconds NodeBench::load_time() {
  auto best = std::chrono::microseconds::max();
  for (int i = 0; i < 5; ++i) {
    auto settings = settings_;
    settings.mode = "load";
    const auto outcome = run_self(settings);
    if (outcome.verdict != Outcome::Verdict::passed) throw testkit::Failure("loading it " + outcome.text);
    best = std::min(best, std::chrono::microseconds(std::stoll(outcome.text)));
  }
  return best;
}

void NodeBench::hung(const std::string& what) {
  channel_.hung(what);
  std::abort();
}

}  // namespace drawbridge::verify
