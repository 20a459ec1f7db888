#pragma once

#include <memory>
#include <string>

#include "drawbridge/testkit/bench.h"
#include "kernel/loader.h"
#include "kernel/log.h"
#include "kernel/node.h"
#include "kernel/verify/host.h"

namespace drawbridge::verify {

/// An instance of the plugin under test. All that it uses is mounted and run by a kernel::Node of its own; the instance
/// itself is run from here, so that its start and its stop can be called at any time, with a deadline.
class NodeMount final : public testkit::Mount {
 public:
  /// `component` is the name of the instance in the configuration; empty when there is but one of this plugin.
  /// Throws ConfigErrors, and what the start of the others throws.
  NodeMount(testkit::Bench& bench, const kernel::Plugin& plugin, const std::string& component,
            std::unique_ptr<kernel::Node> node);
  ~NodeMount() override;

  const std::shared_ptr<Component>& component() override { return life_->component; }
  std::shared_ptr<Identity> identity() override { return identity_; }
  void renew() override;
  asio::any_io_executor executor() override { return life_->runtime.executors().front(); }

  /// Configures one more instance, with one more option, and throws it away. Throws ConfigErrors.
  void try_option(const std::string& name, const std::string& value);

 protected:
  Host& host() override { return life_->host; }

 private:
  /// One instance, its host and its threads.
  struct Life {
    Life(const std::string& name, kernel::Log& log, const std::string& node_name)
        : runtime(2, 4, 1024), host(name, node_name, log.logger(name), runtime) {}
    kernel::Runtime runtime;
    MountHost host;
    std::shared_ptr<Component> component;
  };

  const kernel::ComponentConfig& choose(const std::string& component) const;
  std::vector<std::string> configure(std::shared_ptr<Component>& instance,
                                     const std::vector<kernel::Entry>& options) const;
  std::vector<std::string> begin_life();
  void end_life();

  testkit::Bench& bench_;
  kernel::Plugin plugin_;
  std::unique_ptr<kernel::Node> node_;
  kernel::Log log_;
  kernel::ComponentConfig config_;
  std::shared_ptr<Identity> identity_;
  std::unique_ptr<Life> life_;
};

}  // namespace drawbridge::verify
