#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "kernel/runtime.h"

namespace drawbridge::kernel {

/// The system's clock.
DRAWBRIDGE_API const Clock& system_clock();

/// What all Hosts of a node share; it outlives them.
struct World {
  std::string node_name;
  Runtime* runtime;
  const Clock* clock;
  Random* random;
  std::function<std::vector<ComponentStatus>()> status;  ///< Thread-safe.
};

/// The Host of one component.
class ComponentHost final : public Host {
 public:
  ComponentHost(std::string name, std::shared_ptr<Logger> log, const World& world)
      : name_(std::move(name)), log_(std::move(log)), world_(world) {}

  const std::string& name() const override { return name_; }
  const std::string& node_name() const override { return world_.node_name; }
  asio::any_io_executor executor() override { return world_.runtime->executor(); }
  std::vector<asio::any_io_executor> executors() override { return world_.runtime->executors(); }
  const Clock& clock() const override { return *world_.clock; }
  Random& random() override { return *world_.random; }
  Logger& log() override { return *log_; }
  Task<> sleep(Milliseconds duration) override { return sleep_for(duration); }
  std::vector<ComponentStatus> status() const override { return world_.status(); }

 protected:
  Task<> run_blocking(std::function<void()> work) override { return world_.runtime->run_blocking(std::move(work)); }

 private:
  std::string name_;
  std::shared_ptr<Logger> log_;
  const World& world_;
};

}  // namespace drawbridge::kernel
