#pragma once

#include <functional>
#include <memory>
#include <mutex>
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
  std::function<Task<ReloadReport>()> reload;            ///< Thread-safe.
};

/// The Host of one component, and of those that replace it under its name: what they share may keep a reference to it.
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
  Task<ReloadReport> reload() override { return world_.reload(); }
  std::shared_ptr<Component> predecessor() const override {
    const std::lock_guard lock(mutex_);
    return predecessor_;
  }

  /// For the time of a start; null otherwise.
  void set_predecessor(std::shared_ptr<Component> predecessor) {
    const std::lock_guard lock(mutex_);
    predecessor_.swap(predecessor);
  }

 protected:
  Task<> run_blocking(std::function<void()> work) override { return world_.runtime->run_blocking(std::move(work)); }

 private:
  std::string name_;
  std::shared_ptr<Logger> log_;
  const World& world_;
  mutable std::mutex mutex_;
  std::shared_ptr<Component> predecessor_;
};

}  // namespace drawbridge::kernel
