#include "kernel/isolation/supervisor.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "kernel/host.h"
#include "kernel/isolation/facets.h"
#include "kernel/isolation/output.h"
#include "kernel/runtime.h"

namespace drawbridge::kernel::isolation {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds tick{100};
constexpr int health_ticks = 5;
constexpr Milliseconds natural_end{250};  ///< For a process whose connection broke to end by itself, with its reason.
constexpr Milliseconds first_delay{100};
constexpr Milliseconds longest_delay{30'000};
constexpr std::chrono::seconds steady_after{60};  ///< Without a restart for so long, all is well again.
constexpr std::size_t max_channels = 4;
constexpr std::size_t lanes_each_way = 4;

Wiring wiring() {
  return {std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, max_channels), lanes_each_way,
          lanes_each_way};
}

/// What a broken process shows must not be taken for what a plugin refuses.
std::string why(const Link& link, const std::string& end) {
  const auto reason = link.reason();
  return reason.empty() ? end : reason;
}

}  // namespace

struct Supervisor::Run {
  Run(const std::string& name, const IsolationConfig& config)
      : process(name, wiring()),
        link(std::make_shared<Link>(std::move(process.sockets()), std::move(process.arena()), Arena::Side::parent,
                                    Link::Limits{config.call_timeout})) {}
  ~Run() { link->close(); }

  Process process;
  std::shared_ptr<Link> link;
  Output output;
  std::atomic<bool> asking{false};
};

Supervisor::Supervisor(Plugin plugin, std::string name, std::string node_name, IsolationConfig config)
    : plugin_(std::move(plugin)), name_(std::move(name)), node_name_(std::move(node_name)), config_(config) {}

Supervisor::~Supervisor() = default;

std::shared_ptr<Supervisor::Run> Supervisor::present() const {
  const std::lock_guard lock(mutex_);
  return run_;
}

std::shared_ptr<Link> Supervisor::link() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::running && !run_->link->failed()) return run_->link;
  if (state_ == State::fresh) throw Error(Code::unavailable, fmt::format("component '{}' was not started", name_));
  if (state_ == State::stopped) throw Error(Code::unavailable, fmt::format("component '{}' has stopped", name_));
  throw Error(Code::unavailable, fmt::format("the process of component '{}' has ended", name_),
              "retry: it is started again");
}

// --- configuration

std::shared_ptr<Supervisor::Run> Supervisor::make_run() {
  auto run = std::make_shared<Run>(name_, config_);
  const Setup setup{plugin_.file.parent_path().string(), plugin_.id, name_, node_name_, config_.memory};
  try {
    described_ = call<&Control::describe>(Remote{run->link, control_object}, setup);
  } catch (const Error& error) {
    if (!run->link->failed()) throw;
    const auto end = run->process.wait(natural_end);
    run->output.read(run->process.output());
    throw Error(Code::unavailable,
                fmt::format("its process {} while it was asked for its options", why(*run->link, end)),
                run->output.rest());
  }
  return run;
}

Described Supervisor::describe() {
  auto run = make_run();
  const std::lock_guard lock(mutex_);
  run_ = std::move(run);
  return described_;
}

template <class Configure>
void Supervisor::tell(Configure configure) {
  const auto run = present();
  configure(Remote{run->link, control_object});
  configuration_.push_back(std::move(configure));
}

void Supervisor::set(const std::string& option, const std::vector<std::string>& values) {
  tell([option, values](const Remote& control) { call<&Control::set>(control, option, values); });
}

void Supervisor::set_secret(const std::string& option, Secret value) {
  const auto secret = std::make_shared<Secret>(std::move(value));
  tell([option, secret](const Remote& control) { call<&Control::set_secret>(control, option, *secret); });
}

void Supervisor::bind(const std::string& option, const std::string& facet, std::shared_ptr<void> object) {
  references_.push_back({option, facet, std::move(object)});
}

std::shared_ptr<Supervisor::Run> Supervisor::configured_run() {
  auto run = make_run();
  for (const auto& configure : configuration_) configure(Remote{run->link, control_object});
  return run;
}

// --- life

Level Supervisor::level() const {
  for (int level = static_cast<int>(Level::trace); level < static_cast<int>(Level::off); ++level) {
    if (host_->log().enabled(static_cast<Level>(level))) return static_cast<Level>(level);
  }
  return Level::off;
}

/// Joins a process to this node and starts its component.
Task<> Supervisor::launch(std::shared_ptr<Run> run) {
  const auto& link = run->link;
  auto& objects = link->objects();
  link->on_failure([self = weak_from_this()] {
    if (const auto supervisor = self.lock()) supervisor->bell_->ring();
  });
  objects.set(host_object, Interface<HostService>::number, std::make_shared<HostService>(*host_));
  for (std::size_t i = 0; i < references_.size(); ++i) {
    objects.set(first_reference + i, find_facet(references_[i].facet)->interface, references_[i].object);
  }
  link->begin(host_->executors());
  link->begin_lanes();
  tasks_.spawn(host_->executor(), read_output(run));
  const Remote control{link, control_object};
  auto bind = [this, control] {
    for (std::size_t i = 0; i < references_.size(); ++i) {
      call<&Control::bind>(control, references_[i].option, references_[i].facet, first_reference + i);
    }
  };
  Task<> binding = host_->blocking(std::move(bind));
  co_await std::move(binding);
  const Beginning beginning{level(), &host_->clock() == &system_clock(), &host_->random() == &system_random()};
  Task<> starting = remote<&Control::start>(control, beginning);
  co_await std::move(starting);
  if (on_started_) {
    auto started = [this, link] { on_started_(link); };
    Task<> rest = host_->blocking(std::move(started));
    co_await std::move(rest);
  }
  Task<Health> asking = remote<&Control::health>(control, beginning.level);
  auto health = co_await std::move(asking);
  const std::lock_guard lock(mutex_);
  run_ = run;
  state_ = State::running;
  health_ = std::move(health);
}

Task<> Supervisor::start(Host& host) {
  host_ = &host;
  bell_ = std::make_unique<Bell>(host.executor());
  auto run = present();
  if (!run || run->link->failed()) {
    auto make = [this] { return configured_run(); };
    Task<std::shared_ptr<Run>> making = host.blocking(std::move(make));
    run = co_await std::move(making);
  }
  std::optional<Error> broken;
  try {
    Task<> launching = launch(run);
    co_await std::move(launching);
  } catch (const Error&) {
    if (!run->link->failed()) throw;
    broken.emplace(Code::unavailable, "", "");
  }
  if (broken) {
    auto finish = [this, run] { return end(run, natural_end); };
    Task<std::string> finishing = host.blocking(std::move(finish));
    const auto how = co_await std::move(finishing);
    throw Error(Code::unavailable, fmt::format("its process {} while it started", how), "see its log above");
  }
  host.log().debug("runs in process {}", run->process.pid());
  tasks_.spawn(host.executor(), supervise());
  tasks_.spawn(host.executor(), watch());
}

/// Ends a process, whatever it does, and says how it ended. Blocks.
std::string Supervisor::end(const std::shared_ptr<Run>& run, Milliseconds grace) {
  const bool broken = run->link->failed() && run->link->reason().empty();
  if (!broken) run->process.kill();
  const auto how = run->process.wait(broken ? grace : Milliseconds(0));
  auto reason = why(*run->link, how);
  run->link->close();
  run->output.read(run->process.output());
  run->output.log(host_->log(), true);
  return reason;
}

Task<> Supervisor::supervise() {
  const auto self = shared_from_this();
  while (!stopping_) {
    Task<> waiting = bell_->wait(Milliseconds(60'000));
    co_await std::move(waiting);
    const auto run = present();
    if (stopping_ || !run->link->failed()) continue;
    {
      const std::lock_guard lock(mutex_);
      state_ = State::down;
      last_restart_ = SteadyClock::now();
    }
    auto finish = [this, run] { return end(run, natural_end); };
    Task<std::string> finishing = host_->blocking(std::move(finish));
    const auto how = co_await std::move(finishing);
    host_->log().error("the process of this component ({}, pid {}) {}; its calls failed as unavailable", plugin_.id,
                       run->process.pid(), how);
    Task<> restarting = restart(how);
    co_await std::move(restarting);
  }
}

/// Tries until it runs again.
Task<> Supervisor::restart(std::string why_ended) {
  auto delay = first_delay;
  {
    const std::lock_guard lock(mutex_);
    last_end_ = std::move(why_ended);
    // One that dies soon after each start waits longer each time, as one that does not start at all.
    for (unsigned i = 0; i < std::min(restarts_, 16U) && delay < longest_delay; ++i) delay *= 2;
    delay = std::min(delay, longest_delay);
  }
  while (!stopping_) {
    host_->log().info("starting it again in {}", to_text(delay));
    Task<> waiting = sleep_for(delay);
    co_await std::move(waiting);
    if (stopping_) co_return;
    std::shared_ptr<Run> run;
    try {
      auto make = [this] { return configured_run(); };
      Task<std::shared_ptr<Run>> making = host_->blocking(std::move(make));
      run = co_await std::move(making);
      Task<> launching = launch(run);
      co_await std::move(launching);
      const std::lock_guard lock(mutex_);
      ++restarts_;
      last_restart_ = SteadyClock::now();
      host_->log().info("runs again, in process {}", run->process.pid());
      co_return;
    } catch (const std::exception& error) {
      host_->log().error("could not be started again: {}", error.what());
    }
    if (run) {
      auto finish = [this, run] { return end(run, natural_end); };
      Task<std::string> finishing = host_->blocking(std::move(finish));
      co_await std::move(finishing);
    }
    delay = std::min(delay * 2, longest_delay);
  }
}

void Supervisor::check_memory(Run& run) {
  if (config_.memory == 0) return;
  const auto used = run.process.memory();
  if (!used || *used <= config_.memory) return;
  run.process.kill();
  run.link->fail(fmt::format("was killed, for it had {} of memory, more than its `memory` of {}",
                             size_text(*used / 1_MiB * 1_MiB), size_text(config_.memory)));
}

Task<> Supervisor::watch() {
  const auto self = shared_from_this();
  for (int count = 0; !stopping_; ++count) {
    Task<> waiting = sleep_for(tick);
    co_await std::move(waiting);
    const auto run = present();
    if (stopping_ || run->link->failed()) continue;
    run->link->expire();
    check_memory(*run);
    if (count % health_ticks == 0 && !run->asking.exchange(true)) tasks_.spawn(host_->executor(), ask_health(run));
    const std::lock_guard lock(mutex_);
    if (SteadyClock::now() - last_restart_ > steady_after) restarts_ = 0;
  }
}

/// Also finds out whether it still answers.
Task<> Supervisor::ask_health(std::shared_ptr<Run> run) {
  const auto self = shared_from_this();
  try {
    Task<Health> asking = remote<&Control::health>(Remote{run->link, control_object}, level());
    auto health = co_await std::move(asking);
    const std::lock_guard lock(mutex_);
    health_ = std::move(health);
  } catch (const std::exception& error) {
    // Its time is up or its process is gone, unless the component itself threw.
    const std::lock_guard lock(mutex_);
    health_ = {Health::State::failed, error.what()};
  }
  run->asking = false;
}

Task<> Supervisor::read_output(std::shared_ptr<Run> run) {
  const auto self = shared_from_this();
  // A descriptor of its own: the run may read what is left when this has ended.
  asio::posix::stream_descriptor pipe(co_await asio::this_coro::executor, ::dup(run->process.output().get()));
  const std::weak_ptr<Run> weak = run;
  run.reset();
  for (;;) {
    boost::system::error_code failure;
    co_await pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                             asio::redirect_error(asio::use_awaitable, failure));
    const auto present_run = weak.lock();
    if (failure || !present_run) co_return;
    const bool more = present_run->output.read(present_run->process.output());
    present_run->output.log(host_->log(), false);
    if (!more) co_return;
  }
}

Health Supervisor::health() const {
  const std::lock_guard lock(mutex_);
  if (state_ != State::running) {
    return {Health::State::failed, fmt::format("its process {}; restarted {} times", last_end_, restarts_)};
  }
  auto out = health_;
  if (restarts_ == 0) return out;
  const auto told = fmt::format("its process was restarted {} times, for it {}", restarts_, last_end_);
  out.detail = out.detail.empty() ? told : out.detail + "; " + told;
  if (out.state == Health::State::ok) out.state = Health::State::degraded;
  return out;
}

Task<> Supervisor::stop() {
  const auto self = shared_from_this();
  if (stopping_.exchange(true) || host_ == nullptr) co_return;
  bell_->ring();
  Task<> ending = tasks_.stop();
  co_await std::move(ending);
  const auto run = present();
  bool running = false;
  {
    const std::lock_guard lock(mutex_);
    running = state_ == State::running && !run->link->failed();
  }
  std::exception_ptr refused;
  bool broken = false;
  if (running) {
    // The watch is over; the process has to be done in time all the same.
    const auto late = std::make_shared<std::atomic<bool>>(false);
    asio::steady_timer timer(co_await asio::this_coro::executor, config_.stop_timeout);
    timer.async_wait([run, this](const boost::system::error_code& failure) {
      if (!failure) run->link->fail("did not stop within " + to_text(config_.stop_timeout));
    });
    try {
      Task<> stopping = remote<&Control::stop>(Remote{run->link, control_object});
      co_await std::move(stopping);
    } catch (const std::exception&) {
      refused = std::current_exception();
      broken = run->link->failed();
    }
  }
  {
    const std::lock_guard lock(mutex_);
    state_ = State::stopped;
  }
  if (!run) co_return;
  auto finish = [this, run, running] {
    run->process.let_go();
    const bool hangs = run->link->failed() && !run->link->reason().empty();
    const auto how = run->process.wait(hangs ? Milliseconds(0) : Milliseconds(1'000));
    auto reason = why(*run->link, how);
    run->link->close();
    run->output.read(run->process.output());
    run->output.log(host_->log(), true);
    return running ? reason : std::string();
  };
  Task<std::string> finishing = host_->blocking(std::move(finish));
  const auto how = co_await std::move(finishing);
  if (broken) throw Error(Code::unavailable, "its process " + how);
  if (refused) std::rethrow_exception(refused);
}

}  // namespace drawbridge::kernel::isolation
