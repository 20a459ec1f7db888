#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "kernel/assembly.h"
#include "kernel/log.h"

namespace drawbridge::kernel {

using SteadyTime = std::chrono::steady_clock::time_point;
using InstancePtr = std::shared_ptr<Instance>;

/// Starts and stops instances on the threads of a node. Every method but `retire`d work blocks, and is called from
/// threads that are not the node's.
class Lifecycle {
 public:
  Lifecycle(Runtime& runtime, const Log& log, const World& world)
      : runtime_(runtime), log_(log), logger_(log.logger("node")), world_(world) {}

  /// Starts one; `old` is what it replaces, or null. Throws Error with the component's name in front. Also after a
  /// failure it wants to be stopped.
  void start(const InstancePtr& instance, const InstancePtr& old);

  /// Stops one, until `until` or for a short grace. Logs what goes wrong.
  void stop(const InstancePtr& instance, SteadyTime until, Milliseconds stop_timeout);

  /// Stops in the background, in reverse order, what a reload has replaced. Each is waited for, however long requests
  /// that it still serves may take; beyond `patience` that is logged.
  void retire(std::vector<InstancePtr> instances, Milliseconds patience);
  /// How many reloads have left components behind that are not stopped yet.
  std::size_t retiring() const;
  /// Waits for them; those that are not done by then are given up on.
  void await_retired(SteadyTime until);

  /// Starts a task; the future has what it threw, or null.
  std::future<std::exception_ptr> begin(Task<> task);

  /// Whether something was given up on. Thread-safe.
  bool abandoned() const { return abandoned_; }

 private:
  struct Retired {
    std::vector<InstancePtr> instances;
  };
  Task<> stop_retired(std::shared_ptr<Retired> retired);
  void give_up(const InstancePtr& instance);

  Runtime& runtime_;
  const Log& log_;
  const std::shared_ptr<Logger> logger_;
  const World& world_;
  std::atomic<bool> abandoned_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::shared_ptr<Retired>> retired_;
  std::vector<InstancePtr> given_up_;  ///< Something may still run in them: they stay.
};

}  // namespace drawbridge::kernel
