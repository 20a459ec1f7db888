#include "kernel/verify/mount.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>

#include "drawbridge/keeper.h"
#include "drawbridge/ledger.h"
#include "drawbridge/transport.h"
#include "kernel/declare.h"
#include "kernel/host.h"
#include "kernel/options_binder.h"

namespace drawbridge::verify {

const Clock& MountHost::clock() const {
  return kernel::system_clock();
}
Random& MountHost::random() {
  return system_random();
}

NodeMount::NodeMount(testkit::Bench& bench, const kernel::Plugin& plugin, const std::string& component,
                     std::unique_ptr<kernel::Node> node)
    : Mount(bench),
      bench_(bench),
      plugin_(plugin),
      node_(std::move(node)),
      log_(node_->config().log, node_->config().node.name, Level::warning),
      config_(choose(component)) {
  auto needed = begin_life();
  const Component& kind = *life_->component;
  const bool with_identity = dynamic_cast<const Keeper*>(&kind) != nullptr ||
                             dynamic_cast<const Ledger*>(&kind) != nullptr ||
                             dynamic_cast<const Transport*>(&kind) != nullptr;
  for (const auto& other : node_->config().components) {
    if (!with_identity || identity_ || other.name == config_.name) continue;
    identity_ = node_->find<Identity>(other.name);
    if (identity_) needed.push_back(other.name);
  }
  bench_.note("while the components that it uses start");
  node_->start(needed);
  bench_.note("before start()");
}

NodeMount::~NodeMount() {
  if (std::uncaught_exceptions() > 0) {
    // The case has failed and its process is about to end: what fell over is left lying, so that the reason gets out.
    static_cast<void>(life_.release());
  } else {
    end_life();
  }
  // The node has an instance of its own of the plugin under test, which was never started and whose destructor is
  // another case's affair. So the node stays for the rest of the process, which is short.
  static_cast<void>(node_.release());
}

const kernel::ComponentConfig& NodeMount::choose(const std::string& component) const {
  const kernel::ComponentConfig* found = nullptr;
  for (const auto& candidate : node_->config().components) {
    if (!component.empty() ? candidate.name != component : candidate.plugin != plugin_.id) continue;
    if (found != nullptr) {
      throw Error(Code::invalid, fmt::format("the configuration has several components of {}", plugin_.id),
                  "say which with `verify: {component: NAME}`");
    }
    found = &candidate;
  }
  if (found == nullptr) {
    throw Error(Code::invalid, component.empty() ? fmt::format("the configuration has no component of {}", plugin_.id)
                                                 : fmt::format("the configuration has no component `{}`", component));
  }
  if (found->plugin != plugin_.id) {
    throw Error(Code::invalid,
                fmt::format("the component `{}` is a {}, not a {}", component, found->plugin, plugin_.id));
  }
  return *found;
}

/// Binds its references and returns the names of what it refers to.
std::vector<std::string> NodeMount::configure(std::shared_ptr<Component>& instance,
                                              const std::vector<kernel::Entry>& options) const {
  kernel::OptionsBinder binder;
  bench_.note("in options()");
  kernel::Problems problems(node_->config().file);
  instance =
      kernel::declare_options(std::move(instance), binder, options, config_.mark, node_->config().folder, problems);
  problems.raise();
  binder.apply(options, config_.mark, node_->config().folder, problems);
  problems.raise();
  std::vector<std::string> used;
  for (const auto& reference : binder.references()) {
    if (!reference.given && reference.target == config_.name) continue;
    const auto other = node_->find<Component>(reference.target);
    if (!other) continue;  // optional: what is required was checked with the whole configuration
    used.push_back(reference.target);
    reference.option->bind(other);
  }
  return used;
}

std::vector<std::string> NodeMount::begin_life() {
  life_ = std::make_unique<Life>(config_.name, log_, node_->config().node.name);
  bench_.note("in create()");
  life_->component = plugin_.create();
  testkit::check(life_->component != nullptr, "create() returned no component");
  return configure(life_->component, config_.options);
}

void NodeMount::end_life() {
  if (!life_) return;
  bench_.note("in the end of the threads that run its coroutines");
  if (!life_->runtime.stop(bench_.deadline())) {
    bench_.hung("after stop() a thread is still inside of the component");
  }
  bench_.note("in the destructor");
  life_->component.reset();
  life_.reset();
  bench_.note("after the destructor");
}

void NodeMount::renew() {
  end_life();
  begin_life();
}

void NodeMount::try_option(const std::string& name, const std::string& value) {
  auto instance = plugin_.create();
  auto options = config_.options;
  kernel::Entry entry;
  entry.key = name;
  entry.mark = entry.value.mark = config_.mark;
  entry.value.kind = kernel::Value::Kind::scalar;
  entry.value.text = value;
  options.push_back(std::move(entry));
  configure(instance, options);
}

}  // namespace drawbridge::verify
