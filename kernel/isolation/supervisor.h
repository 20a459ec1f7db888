#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "drawbridge/task_group.h"
#include "kernel/config.h"
#include "kernel/isolation/control.h"
#include "kernel/isolation/process.h"
#include "kernel/loader.h"

namespace drawbridge::kernel::isolation {

/// Keeps the process of one component: makes it, configures it, watches it, makes it anew when it ends. What the
/// component was told (options, references) is remembered and told to each new process.
///
/// The first process is made for the configuration and then started; a node that is only checked ends it again.
class Supervisor final : public LinkSource, public std::enable_shared_from_this<Supervisor> {
 public:
  Supervisor(Plugin plugin, std::string name, std::string node_name, IsolationConfig config);
  ~Supervisor() override;

  /// Makes the first process and asks the plugin for its options and facets. Blocks. Throws what the plugin threw, and
  /// unavailable when it crashed or did not answer.
  Described describe();
  void set(const std::string& option, const std::vector<std::string>& values);
  void set_secret(const std::string& option, Secret value);
  /// `object` is the facet of that name of another component.
  void bind(const std::string& option, const std::string& facet, std::shared_ptr<void> object);
  /// Called with each new process, before it starts, on a thread that may block.
  void on_started(std::function<void(const std::shared_ptr<Link>&)> callback) { on_started_ = std::move(callback); }

  Task<> start(Host& host);
  Task<> stop();
  Health health() const;
  /// The present process.
  std::shared_ptr<Link> link() override;

 private:
  /// One process and all that belongs to it.
  struct Run;
  struct Reference {
    std::string option;
    std::string facet;
    std::shared_ptr<void> object;
  };
  enum class State { fresh, running, down, stopped };

  std::shared_ptr<Run> make_run();
  std::shared_ptr<Run> configured_run();
  Task<> launch(std::shared_ptr<Run> run);
  Task<> supervise();
  Task<> restart(std::string why);
  Task<> watch();
  Task<> ask_health(std::shared_ptr<Run> run);
  Task<> read_output(std::shared_ptr<Run> run);
  std::string end(const std::shared_ptr<Run>& run, Milliseconds grace);
  void check_memory(Run& run);
  template <class Configure>
  void tell(Configure configure);
  std::shared_ptr<Run> present() const;
  Level level() const;

  const Plugin plugin_;
  const std::string name_;
  const std::string node_name_;
  const IsolationConfig config_;
  Described described_;
  std::vector<std::function<void(const Remote&)>> configuration_;
  std::vector<Reference> references_;
  std::function<void(const std::shared_ptr<Link>&)> on_started_;
  Host* host_ = nullptr;
  TaskGroup tasks_;
  std::unique_ptr<Bell> bell_;
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;  // of all below
  std::shared_ptr<Run> run_;
  State state_ = State::fresh;
  Health health_;
  unsigned restarts_ = 0;
  std::string last_end_;
  std::chrono::steady_clock::time_point last_restart_;
};

}  // namespace drawbridge::kernel::isolation
