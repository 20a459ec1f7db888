#include "kernel/node.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <mutex>
#include <thread>

#include "drawbridge/files.h"
#include "kernel/lifecycle.h"
#include "kernel/node_lock.h"
#include "kernel/turnstile.h"

namespace drawbridge::kernel {
namespace {

constexpr std::uint64_t max_config_bytes = 2_MiB;  // beyond the parser's own bound, so that it is the one that explains
constexpr std::size_t max_retiring = 64;

std::string read_config(const std::filesystem::path& file) {
  return to_text(read_file(file, max_config_bytes));
}

/// What a reload cannot change, because threads, locks and other nodes depend on it.
void refuse_changes(const NodeConfig& now, const NodeConfig& next, Problems& problems) {
  const auto check = [&](const char* key, const auto& mine, const auto& its) {
    if (mine == its) return;
    const auto found = next.marks.find(key);
    problems.add(found == next.marks.end() ? next.mark : found->second,
                 fmt::format("`node.{}` cannot change while the node runs", key),
                 "put the old value back, or restart the node");
  };
  check("name", now.name, next.name);
  check("data", now.data, next.data);
  check("io_threads", now.io_threads, next.io_threads);
  check("blocking_threads", now.blocking_threads, next.blocking_threads);
  check("blocking_queue", now.blocking_queue, next.blocking_queue);
}

}  // namespace

class Node::Impl {
 public:
  Impl(Config config, Assembly assembly, NodeOptions options, bool is_file)
      : options_(std::move(options)),
        is_file_(is_file),
        config_(std::make_shared<const Config>(std::move(config))),
        assembly_(std::make_shared<const Assembly>(std::move(assembly))),
        chosen_(in_start_order(*assembly_)) {}

  ~Impl() {
    // Components after the coroutines that refer to them and before the threads' contexts that they have objects in;
    // users before what they use.
    assembly_.reset();
    while (!chosen_.empty()) chosen_.pop_back();
    while (!started_.empty()) started_.pop_back();
  }

  void start(const std::vector<std::string>* only) {
    if (runtime_) throw Error(Code::internal, "a node starts once");
    if (only != nullptr) choose(*only);
    const auto& node = config_->node;
    log_ = std::make_unique<Log>(config_->log, node.name, options_.log_level);
    logger_ = log_->logger("node");
    if (!node.data.empty()) lock_ = std::make_unique<NodeLock>(node.data);
    runtime_ = std::make_unique<Runtime>(node.io_threads, node.blocking_threads, node.blocking_queue);
    world_ = {node.name,
              runtime_.get(),
              options_.clock != nullptr ? options_.clock : &system_clock(),
              options_.random != nullptr ? options_.random : &system_random(),
              [this] { return status(); },
              [this] { return reload_aside(); }};
    lifecycle_ = std::make_unique<Lifecycle>(*runtime_, *log_, world_);
    for (const auto& instance : chosen_) {
      started_.push_back(instance);  // a failed start is stopped, too
      try {
        lifecycle_->start(instance, nullptr);
      } catch (const Error& error) {
        logger_->debug("{}; stopping what runs", error.what());
        stop();
        throw;
      }
    }
    reloads_.open();
  }

  void stop() {
    reloads_.close();
    if (reload_thread_.joinable()) reload_thread_.join();
    if (!lifecycle_) return;
    const auto stop_timeout = config_->node.stop_timeout;
    const auto until = std::chrono::steady_clock::now() + stop_timeout;
    while (!started_.empty()) {
      lifecycle_->stop(started_.back(), until, stop_timeout);
      started_.pop_back();
    }
    lifecycle_->await_retired(until);
    if (!abandoned()) lock_.reset();
  }

  /// Whether everything may be destroyed.
  bool end() {
    stop();
    if (!runtime_) return true;
    // A thread that comes back only when a busy machine lets it is no reason to keep anything.
    if (runtime_->stop(Milliseconds(abandoned() ? 2'000 : 60'000))) return true;
    runtime_->abandon();
    return false;
  }

  /// Null: the file as it is now.
  ReloadReport reload(std::optional<std::string> yaml) {
    const auto pass = reloads_.enter();
    return reload_entered(std::move(yaml));
  }

  void run(Task<> task) {
    if (!runtime_) throw Error(Code::internal, "the node was not started");
    if (runtime_->on_io_thread()) throw Error(Code::internal, "a thread of the node would wait for itself");
    const auto failure = lifecycle_->begin(std::move(task)).get();
    if (failure) std::rethrow_exception(failure);
  }

  std::vector<ComponentStatus> status() const {
    std::vector<ComponentStatus> out;
    for (const auto& instance : chosen()) out.push_back(instance->status());
    return out;
  }

  const Config& config() const { return *config_; }
  bool watching() const {
    const std::lock_guard lock(mutex_);
    return config_->node.watch;
  }
  std::shared_ptr<Component> component(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto instance = assembly_->find(name);
    return instance ? instance->component : nullptr;
  }
  Logger& log() const { return *logger_; }
  bool abandoned() const { return lifecycle_ && lifecycle_->abandoned(); }

 private:
  static std::vector<InstancePtr> in_start_order(const Assembly& assembly) {
    std::vector<InstancePtr> out;
    for (const auto index : assembly.order) out.push_back(assembly.instances[index]);
    return out;
  }

  std::vector<InstancePtr> chosen() const {
    const std::lock_guard lock(mutex_);
    return chosen_;
  }

  void choose(const std::vector<std::string>& only) {
    std::vector<std::size_t> wanted;
    for (const auto& name : only) {
      std::vector<std::string> names;
      for (const auto& node : assembly_->graph) names.push_back(node.name);
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) {
        throw Error(Code::invalid, fmt::format("no component is called `{}`{}", name, did_you_mean(name, names)));
      }
      wanted.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    const auto flags = with_dependencies(assembly_->graph, wanted);
    chosen_.clear();
    for (const auto index : assembly_->order) {
      if (flags[index]) chosen_.push_back(assembly_->instances[index]);
    }
  }

  /// For a component that asks: in a thread of its own, for it blocks, and may outlast whoever asked.
  Task<ReloadReport> reload_aside() {
    auto entered = std::make_unique<Turnstile::Pass>(reloads_.enter());  // here, for below nothing may throw
    auto begin = [this, pass = std::move(entered)](auto handler) mutable {
      if (reload_thread_.joinable()) reload_thread_.join();  // it has left the turnstile, so it is over
      reload_thread_ = std::thread([this, pass = std::move(pass), handler = std::move(handler)]() mutable {
        std::exception_ptr failure;
        ReloadReport report;
        try {
          report = reload_entered(std::nullopt);
        } catch (...) {
          failure = std::current_exception();
        }
        pass.reset();  // before the asker goes on: it may ask again
        const auto executor = asio::get_associated_executor(handler);
        asio::post(executor, [handler = std::move(handler), failure, report = std::move(report)]() mutable {
          std::move(handler)(failure, std::move(report));
        });
      });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, ReloadReport)>(
        std::move(begin), asio::use_awaitable);
  }

  ReloadReport reload_entered(std::optional<std::string> yaml) {
    if (started_.size() != assembly_->instances.size()) {
      throw Error(Code::unsupported, "a node that runs only some of its components cannot be reloaded");
    }
    if (!yaml && !is_file_) throw Error(Code::unsupported, "the configuration of this node is not in a file");
    if (lifecycle_->retiring() >= max_retiring) {
      throw Error(Code::busy, "what earlier reloads have replaced still serves requests", "try again in a moment");
    }
    Problems problems(config_->file);
    auto config = parse_config(yaml ? *yaml : read_config(config_->file), config_->file, problems);
    if (problems.empty()) refuse_changes(config_->node, config.node, problems);
    auto assembly = assemble(config, Loader(options_.plugin_dirs), problems, assembly_.get());
    problems.raise();
    auto outlet = log_->prepare(config.log);
    start_new(assembly);
    log_->apply(config.log, std::move(outlet));
    return change_over(std::move(config), std::move(assembly));
  }

  /// Starts what is not running yet; if that fails, stops it again, and throws.
  void start_new(const Assembly& assembly) {
    std::vector<InstancePtr> begun;
    for (const auto& instance : in_start_order(assembly)) {
      if (assembly_->contains(instance)) continue;
      begun.push_back(instance);
      try {
        lifecycle_->start(instance, assembly_->find(instance->config.name));
      } catch (const Error& error) {
        logger_->debug("{}; stopping what was started for the reload", error.what());
        const auto timeout = config_->node.stop_timeout;
        const auto until = std::chrono::steady_clock::now() + timeout;
        for (; !begun.empty(); begun.pop_back()) lifecycle_->stop(begun.back(), until, timeout);
        throw;
      }
    }
  }

  ReloadReport change_over(Config config, Assembly assembly) {
    ReloadReport report;
    std::vector<InstancePtr> old;
    for (const auto& instance : started_) {
      if (assembly.contains(instance)) continue;
      old.push_back(instance);
      const auto& name = instance->config.name;
      if (!assembly.find(name)) report.removed.push_back(name);
    }
    auto started = in_start_order(assembly);
    for (const auto& instance : started) {
      const auto& name = instance->config.name;
      const bool kept = assembly_->contains(instance);
      (kept ? report.kept : assembly_->find(name) ? report.replaced : report.added).push_back(name);
    }
    const auto stop_timeout = config.node.stop_timeout;
    {
      const std::lock_guard lock(mutex_);
      config_ = std::make_shared<const Config>(std::move(config));
      assembly_ = std::make_shared<const Assembly>(std::move(assembly));
      chosen_ = started;
    }
    started_ = std::move(started);
    logger_->info("reloaded: {} kept, {} replaced, {} added, {} removed", report.kept.size(), report.replaced.size(),
                  report.added.size(), report.removed.size());
    lifecycle_->retire(std::move(old), stop_timeout);
    return report;
  }

  const NodeOptions options_;
  const bool is_file_;
  std::unique_ptr<NodeLock> lock_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<Logger> logger_;
  std::unique_ptr<Runtime> runtime_;
  World world_;
  std::unique_ptr<Lifecycle> lifecycle_;
  Turnstile reloads_;
  std::thread reload_thread_;

  std::vector<InstancePtr> started_;  ///< In start order: what stop() stops. Of start, stop and the one reload.

  mutable std::mutex mutex_;  ///< Guards what follows, which only a reload changes: it reads it without.
  std::shared_ptr<const Config> config_;
  std::shared_ptr<const Assembly> assembly_;
  std::vector<InstancePtr> chosen_;  ///< In start order: what start() starts.
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

std::unique_ptr<Node::Impl> Node::make(std::string yaml, std::string file_name, NodeOptions options, bool is_file) {
  Problems problems(file_name);
  auto config = parse_config(yaml, file_name, problems);
  auto assembly = assemble(config, Loader(options.plugin_dirs), problems);
  problems.raise();
  return std::make_unique<Impl>(std::move(config), std::move(assembly), std::move(options), is_file);
}

std::unique_ptr<Node> Node::from_text(std::string yaml, std::string file_name, NodeOptions options) {
  return std::unique_ptr<Node>(new Node(make(std::move(yaml), std::move(file_name), std::move(options), false)));
}

std::unique_ptr<Node> Node::from_file(std::filesystem::path file, NodeOptions options) {
  return std::unique_ptr<Node>(new Node(make(read_config(file), file.string(), std::move(options), true)));
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
ReloadReport Node::reload() {
  return impl_->reload(std::nullopt);
}
ReloadReport Node::reload(std::string yaml) {
  return impl_->reload(std::move(yaml));
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
bool Node::watching() const {
  return impl_->watching();
}
Logger& Node::log() const {
  return impl_->log();
}
bool Node::abandoned() const {
  return impl_->abandoned();
}

std::shared_ptr<Component> Node::component(std::string_view name) const {
  return impl_->component(name);
}

}  // namespace drawbridge::kernel
