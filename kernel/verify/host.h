#pragma once

#include <memory>
#include <string>

#include "drawbridge/host.h"
#include "kernel/runtime.h"

namespace drawbridge::verify {

/// The Host of an instance under test, on threads of its own.
class MountHost final : public Host {
 public:
  MountHost(std::string name, std::string node_name, std::shared_ptr<Logger> log, kernel::Runtime& runtime)
      : name_(std::move(name)), node_name_(std::move(node_name)), log_(std::move(log)), runtime_(runtime) {}

  const std::string& name() const override { return name_; }
  const std::string& node_name() const override { return node_name_; }
  asio::any_io_executor executor() override { return runtime_.executor(); }
  std::vector<asio::any_io_executor> executors() override { return runtime_.executors(); }
  const Clock& clock() const override;
  Random& random() override;
  Logger& log() override { return *log_; }
  Task<> sleep(Milliseconds duration) override { return kernel::sleep_for(duration); }
  std::vector<ComponentStatus> status() const override { return {}; }

 protected:
  Task<> run_blocking(std::function<void()> work) override { return runtime_.run_blocking(std::move(work)); }

 private:
  std::string name_;
  std::string node_name_;
  std::shared_ptr<Logger> log_;
  kernel::Runtime& runtime_;
};

}  // namespace drawbridge::verify
