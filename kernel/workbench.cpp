#include "kernel/workbench.h"

#include <fmt/core.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "kernel/declare.h"
#include "kernel/host.h"
#include "kernel/options_binder.h"

namespace drawbridge::kernel {
namespace {

constexpr unsigned blocking_queue = 4096;
constexpr char node_name[] = "workbench";

/// What the hosts of all parts share.
struct Surroundings {
  explicit Surroundings(unsigned io_threads, unsigned blocking_threads, const LogConfig& log_config)
      : runtime(io_threads, blocking_threads, blocking_queue), log(log_config, node_name) {}

  Runtime runtime;
  Log log;
  std::mutex mutex;
  std::vector<const Part*> running;

  std::vector<ComponentStatus> status() {
    const std::lock_guard lock(mutex);
    std::vector<ComponentStatus> out;
    for (const auto* part : running) out.push_back(part->status());
    return out;
  }
};

class PartHost final : public Host {
 public:
  PartHost(std::string name, Surroundings& around)
      : name_(std::move(name)), log_(around.log.logger(name_)), around_(around) {}

  const std::string& name() const override { return name_; }
  const std::string& node_name() const override { return node_name_; }
  asio::any_io_executor executor() override { return around_.runtime.executor(); }
  std::vector<asio::any_io_executor> executors() override { return around_.runtime.executors(); }
  const Clock& clock() const override { return system_clock(); }
  Random& random() override { return system_random(); }
  Logger& log() override { return *log_; }
  Task<> sleep(Milliseconds duration) override { return sleep_for(duration); }
  std::vector<ComponentStatus> status() const override { return around_.status(); }

 protected:
  Task<> run_blocking(std::function<void()> work) override { return around_.runtime.run_blocking(std::move(work)); }

 private:
  std::string name_;
  std::string node_name_ = kernel::node_name;
  std::shared_ptr<Logger> log_;
  Surroundings& around_;
};

void bind(const OptionsBinder& binder, const PartConfig& config, Problems& problems) {
  for (const auto& reference : binder.references()) {
    const auto& option = *reference.option;
    const auto used = config.uses.find(option.name);
    if (used != config.uses.end()) {
      if (!option.bind(used->second)) {
        problems.add({}, fmt::format("`{}`: that component is no {}", option.name, option.facet));
      }
    } else if (reference.given) {
      problems.add({}, fmt::format("`{}` takes a loaded component that is a {}", option.name, option.facet));
    } else if (option.required) {
      problems.add({}, fmt::format("`{}` is missing: a component that is a {}", option.name, option.facet), option.doc);
    }
  }
}

void expect_used(const OptionsBinder& binder, const PartConfig& config, Problems& problems) {
  std::vector<std::string> known;
  for (const auto& spec : binder.specs()) {
    for (auto& name : yaml_names(spec)) known.push_back(std::move(name));
  }
  for (const auto& [name, component] : config.uses) {
    const auto same = [&name = name](const OptionSpec& spec) {
      return spec.name == name && spec.kind == OptionSpec::Kind::component;
    };
    if (std::any_of(binder.specs().begin(), binder.specs().end(), same)) continue;
    const bool exists = std::find(known.begin(), known.end(), name) != known.end();
    problems.add({}, exists ? fmt::format("`{}` takes a value, not a component", name)
                            : fmt::format("unknown option `{}`{}", name, did_you_mean(name, known)));
  }
}

/// All problems as one error; there is no file whose lines could be named.
void raise(const Problems& problems, const PartConfig& config) {
  if (problems.empty()) return;
  std::string message = config.plugin + ": ", hint;
  for (const auto& error : problems.errors()) {
    if (&error != &problems.errors().front()) message += "; ";
    message += error.message;
    if (hint.empty()) hint = error.hint;
  }
  throw Error(Code::invalid, message, hint);
}

}  // namespace

struct Workbench::State : Surroundings {
  State(std::vector<std::filesystem::path> plugin_dirs, const LogConfig& log_config, unsigned io_threads,
        unsigned blocking_threads)
      : Surroundings(io_threads, blocking_threads, log_config), loader(std::move(plugin_dirs)) {}
  Loader loader;
};

struct Part::State {
  State(PartConfig own, Plugin from, Surroundings& world)
      : config(std::move(own)), plugin(std::move(from)), around(world), host(config.name, world) {}

  PartConfig config;
  Plugin plugin;
  Surroundings& around;
  PartHost host;
  std::shared_ptr<Component> component;
  std::atomic<bool> started{false};
};

Part::Part(std::unique_ptr<State> state) : state_(std::move(state)) {}

Part::~Part() {
  {
    const std::lock_guard lock(state_->around.mutex);
    std::erase(state_->around.running, this);
  }
  state_->component.reset();
}

const std::string& Part::name() const {
  return state_->config.name;
}
const Plugin& Part::plugin() const {
  return state_->plugin;
}
const std::shared_ptr<Component>& Part::component() const {
  return state_->component;
}

ComponentStatus Part::status() const {
  ComponentStatus out{name(), plugin().id, plugin().version, {}};
  if (!state_->started) {
    out.health = {Health::State::failed, "not running"};
    return out;
  }
  try {
    out.health = state_->component->health();
  } catch (const std::exception& error) {
    out.health = {Health::State::failed, error.what()};
  }
  return out;
}

Task<> Part::start() {
  if (state_->started.exchange(true)) throw Error(Code::internal, "a component starts once");
  std::exception_ptr failure;
  try {
    co_await state_->component->start(state_->host);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) {
    const std::lock_guard lock(state_->around.mutex);
    state_->around.running.push_back(this);
    co_return;
  }
  co_await stop();
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    throw error.within("component '" + name() + "'");
  }
}

Task<> Part::stop() {
  if (!state_->started.exchange(false)) co_return;
  {
    const std::lock_guard lock(state_->around.mutex);
    std::erase(state_->around.running, this);
  }
  co_await state_->component->stop();
}

Workbench::Workbench(std::vector<std::filesystem::path> plugin_dirs, const LogConfig& log, unsigned io_threads,
                     unsigned blocking_threads)
    : state_(std::make_unique<State>(std::move(plugin_dirs), log, io_threads, blocking_threads)) {}

Workbench::~Workbench() = default;

Runtime& Workbench::runtime() {
  return state_->runtime;
}

std::unique_ptr<Part> Workbench::make(PartConfig config) {
  if (!is_name(config.name)) {
    throw Error(Code::invalid, fmt::format("`{}` is no name for a component", config.name),
                "use 1 to 64 of a-z, 0-9, '-', '_' and '.'");
  }
  auto plugin = state_->loader.load(config.plugin);
  auto state = std::make_unique<Part::State>(std::move(config), std::move(plugin), *state_);
  state->component = state->plugin.create();
  if (!state->component) throw Error(Code::internal, state->plugin.id + ": the plugin created no component");
  OptionsBinder binder;
  Problems problems({});
  const auto& own = state->config;
  state->component = declare_options(std::move(state->component), binder, own.options, {}, own.folder, problems);
  raise(problems, own);
  expect_used(binder, state->config, problems);
  binder.apply(state->config.options, {}, state->config.folder, problems);
  bind(binder, state->config, problems);
  raise(problems, state->config);
  return std::unique_ptr<Part>(new Part(std::move(state)));
}

}  // namespace drawbridge::kernel
