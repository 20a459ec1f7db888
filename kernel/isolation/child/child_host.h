#pragma once

#include <atomic>

#include "drawbridge/host.h"
#include "kernel/isolation/control.h"
#include "kernel/runtime.h"

namespace drawbridge::kernel::isolation {

/// The Host of a component in its own process: threads are here, the log is the node's.
class ChildHost final : public Host {
 public:
  ChildHost(const Setup& setup, const Beginning& beginning, std::shared_ptr<Link> link, Runtime& runtime);

  void set_level(Level level) { log_.level = level; }

  const std::string& name() const override { return name_; }
  const std::string& node_name() const override { return node_name_; }
  asio::any_io_executor executor() override { return runtime_.executor(); }
  std::vector<asio::any_io_executor> executors() override { return runtime_.executors(); }
  const Clock& clock() const override { return own_clock_ ? system_clock() : clock_; }
  Random& random() override { return own_random_ ? system_random() : random_; }
  Logger& log() override { return log_; }
  Task<> sleep(Milliseconds duration) override { return sleep_for(duration); }
  std::vector<ComponentStatus> status() const override;

 protected:
  Task<> run_blocking(std::function<void()> work) override { return runtime_.run_blocking(std::move(work)); }

 private:
  struct NodeLog final : Logger {
    bool enabled(Level wanted) const override { return wanted >= level.load(std::memory_order_relaxed); }
    void write(Level wanted, std::string_view message) override;
    Remote host;
    std::atomic<Level> level{Level::info};
  };
  struct NodeClock final : Clock {
    Timestamp now() const override;
    Remote host;
  };
  struct NodeRandom final : Random {
    void fill(MutableBytes out) override;
    Remote host;
  };
  static const Clock& system_clock();

  const std::string name_;
  const std::string node_name_;
  const bool own_clock_;
  const bool own_random_;
  const Remote host_;
  Runtime& runtime_;
  NodeLog log_;
  NodeClock clock_;
  NodeRandom random_;
};

}  // namespace drawbridge::kernel::isolation
