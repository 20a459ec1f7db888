#include "kernel/node.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>

#include "drawbridge/files.h"
#include "kernel/assembly.h"
#include "kernel/log.h"
#include "kernel/node_lock.h"

namespace drawbridge::kernel {
namespace {

using Stage = Instance::Stage;
using SteadyTime = std::chrono::steady_clock::time_point;

/// What was thrown, as an Error with its context.
Error as_error(const std::exception_ptr& failure, const std::string& context) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.within(context);
  } catch (const std::exception& error) {
    return {Code::internal, context + ": " + error.what()};
  } catch (...) {
    return {Code::internal, context + ": an unknown exception"};
  }
}

// They keep the instance while they run, even if the kernel has given up on it. What a component's plain function
// throws is caught with what its coroutine throws.
Task<> run_start(std::shared_ptr<Instance> instance) {
  co_await instance->component->start(*instance->host);
}
Task<> run_stop(std::shared_ptr<Instance> instance) {
  co_await instance->component->stop();
}

Milliseconds since(SteadyTime begin) {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

class Node::Impl {
 public:
  Impl(Config config, Assembly assembly, NodeOptions options)
      : config_(std::move(config)),
        assembly_(std::move(assembly)),
        options_(std::move(options)),
        chosen_(assembly_.order) {}

  ~Impl() {
    // Components after the coroutines that refer to them and before the threads' contexts that they have objects in;
    // users before what they use.
    for (auto at = assembly_.order.rbegin(); at != assembly_.order.rend(); ++at) {
      assembly_.instances[*at]->component.reset();
      assembly_.instances[*at].reset();
    }
  }

  void start(const std::vector<std::string>* only) {
    if (runtime_) throw Error(Code::internal, "a node starts once");
    if (only != nullptr) choose(*only);
    log_ = std::make_unique<Log>(config_.log, config_.node.name, options_.log_level);
    logger_ = log_->logger("node");
    if (!config_.node.data.empty()) lock_ = std::make_unique<NodeLock>(config_.node.data);
    const auto& node = config_.node;
    runtime_ = std::make_unique<Runtime>(node.io_threads, node.blocking_threads, node.blocking_queue);
    world_ = {node.name, runtime_.get(), options_.clock != nullptr ? options_.clock : &system_clock(),
              options_.random != nullptr ? options_.random : &system_random(), [this] { return status(); }};
    for (const auto index : chosen_) start_one(assembly_.instances[index]);
  }

  void stop() {
    const auto until = std::chrono::steady_clock::now() + config_.node.stop_timeout;
    while (!started_.empty()) {
      stop_one(started_.back(), until);
      started_.pop_back();
    }
    if (!abandoned_) lock_.reset();
  }

  /// Whether everything may be destroyed.
  bool end() {
    stop();
    if (!runtime_) return true;
    // A thread that comes back only when a busy machine lets it is no reason to keep anything.
    if (runtime_->stop(Milliseconds(abandoned_ ? 2'000 : 60'000))) return true;
    runtime_->abandon();
    return false;
  }

  void run(Task<> task) {
    if (!runtime_) throw Error(Code::internal, "the node was not started");
    if (runtime_->on_io_thread()) throw Error(Code::internal, "a thread of the node would wait for itself");
    const auto failure = begin(std::move(task)).get();
    if (failure) std::rethrow_exception(failure);
  }

  std::vector<ComponentStatus> status() const {
    std::vector<ComponentStatus> out;
    for (const auto index : chosen_) out.push_back(assembly_.instances[index]->status());
    return out;
  }

  const Config& config() const { return config_; }
  const Assembly& assembly() const { return assembly_; }
  Logger& log() const { return *logger_; }
  bool abandoned() const { return abandoned_; }

 private:
  void choose(const std::vector<std::string>& only) {
    std::vector<std::size_t> wanted;
    for (const auto& name : only) {
      std::vector<std::string> names;
      for (const auto& node : assembly_.graph) names.push_back(node.name);
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) {
        throw Error(Code::invalid, fmt::format("no component is called `{}`{}", name, did_you_mean(name, names)));
      }
      wanted.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    const auto flags = with_dependencies(assembly_.graph, wanted);
    std::erase_if(chosen_, [&](std::size_t index) { return !flags[index]; });
  }

  void start_one(const std::shared_ptr<Instance>& instance) {
    const auto& name = instance->config.name;
    const auto began = std::chrono::steady_clock::now();
    instance->host = std::make_unique<ComponentHost>(name, log_->logger(name), world_);
    instance->stage = Stage::starting;
    started_.push_back(instance);  // a failed start is stopped, too
    if (const auto failure = begin(run_start(instance)).get()) {
      const auto error = as_error(failure, "component '" + name + "'");
      logger_->debug("{}; stopping what runs", error.what());
      stop();
      throw error;
    }
    instance->stage = Stage::running;
    logger_->debug("started {} ({} {}) in {} ms", name, instance->plugin.id, instance->plugin.version,
                   since(began).count());
  }

  void stop_one(const std::shared_ptr<Instance>& instance, SteadyTime until) {
    const auto& name = instance->config.name;
    const auto now = std::chrono::steady_clock::now();
    const auto grace = std::min<Milliseconds>(config_.node.stop_timeout / 10, Milliseconds(1'000));
    instance->stage = Stage::stopping;
    auto done = begin(run_stop(instance));
    if (done.wait_until(std::max(until, now + grace)) != std::future_status::ready) {
      instance->stage = Stage::abandoned;
      abandoned_ = true;
      logger_->error("component '{}' did not stop within {} ms, giving up on it", name, since(now).count());
      return;
    }
    instance->stage = Stage::stopped;
    if (const auto failure = done.get()) {
      logger_->error("stopping: {}", as_error(failure, "component '" + name + "'").what());
    } else {
      logger_->debug("stopped {} in {} ms", name, since(now).count());
    }
  }

  /// Starts a task; the future has what it threw, or null.
  std::future<std::exception_ptr> begin(Task<> task) {
    const auto promise = std::make_shared<std::promise<std::exception_ptr>>();
    runtime_->spawn(std::move(task), [promise](std::exception_ptr failure) { promise->set_value(std::move(failure)); });
    return promise->get_future();
  }

  Config config_;
  std::unique_ptr<NodeLock> lock_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<Logger> logger_;
  std::unique_ptr<Runtime> runtime_;
  World world_;
  Assembly assembly_;
  NodeOptions options_;
  std::vector<std::size_t> chosen_;                 ///< In start order: what start() starts.
  std::vector<std::shared_ptr<Instance>> started_;  ///< In start order: what stop() stops.
  bool abandoned_ = false;
};

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Node::~Node() {
  if (impl_->end()) return;
  // A thread is still inside of a component. Both are kept for the rest of the process.
  static auto& kept = *new std::vector<std::unique_ptr<Impl>>();
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(impl_));
}

std::unique_ptr<Node> Node::from_text(std::string yaml, std::string file_name, NodeOptions options) {
  Problems problems(file_name);
  auto config = parse_config(yaml, file_name, problems);
  auto assembly = assemble(config, Loader(options.plugin_dirs), problems);
  problems.raise();
  return std::unique_ptr<Node>(
      new Node(std::make_unique<Impl>(std::move(config), std::move(assembly), std::move(options))));
}

std::unique_ptr<Node> Node::from_file(std::filesystem::path file, NodeOptions options) {
  constexpr std::uint64_t max_bytes = 2_MiB;  // beyond the parser's own bound, so that it is the one that explains
  return from_text(to_text(read_file(file, max_bytes)), file.string(), std::move(options));
}

void Node::start() {
  impl_->start(nullptr);
}
void Node::start(const std::vector<std::string>& only) {
  impl_->start(&only);
}
void Node::stop() {
  impl_->stop();
}
void Node::run(Task<> task) {
  impl_->run(std::move(task));
}
std::vector<ComponentStatus> Node::status() const {
  return impl_->status();
}
const Config& Node::config() const {
  return impl_->config();
}
Logger& Node::log() const {
  return impl_->log();
}
bool Node::abandoned() const {
  return impl_->abandoned();
}

std::shared_ptr<Component> Node::component(std::string_view name) const {
  const auto* instance = impl_->assembly().find(name);
  return instance == nullptr ? nullptr : instance->component;
}

}  // namespace drawbridge::kernel
