#pragma once

#include <functional>
#include <memory>
#include <string>

#include "drawbridge/testkit/bench.h"
#include "kernel/loader.h"
#include "kernel/verify/config_text.h"
#include "kernel/verify/settings.h"
#include "kernel/verify/subject.h"

namespace drawbridge::verify {

/// What a bench tells while its case runs.
struct Channel {
  std::function<void(const std::string& doing)> note;
  std::function<void(const std::string& what)> hung;  ///< Does not return.
};

/// The bench of one case: mounts the plugin under test by the kernel's own means, in folders of `settings.scratch`.
class NodeBench final : public testkit::Bench {
 public:
  /// Loads the library. Throws what the loader does.
  NodeBench(const Settings& settings, Subject subject, ConfigText config, Channel channel);

  const PluginDescriptor& descriptor() const override { return descriptor_; }
  std::shared_ptr<Component> create() override;
  std::unique_ptr<testkit::Mount> mount(const std::string& node_name) override;
  void try_option(const std::string& name, const std::string& value) override;
  std::chrono::microseconds load_time() override;
  Milliseconds deadline() const override { return settings_.deadline(); }
  void note(const std::string& doing) override { channel_.note(doing); }
  [[noreturn]] void hung(const std::string& what) override;

 private:
  Settings settings_;
  Subject subject_;
  ConfigText config_;
  Channel channel_;
  kernel::Plugin plugin_;
  PluginDescriptor descriptor_{};
  int mounts_ = 0;
};

}  // namespace drawbridge::verify
