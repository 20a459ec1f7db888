#include "kernel/isolation/child/isolated.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

#include "drawbridge/plugin.h"
#include "drawbridge/selector.h"
#include "kernel/isolation/child/child_host.h"
#include "kernel/isolation/facets.h"
#include "kernel/isolation/process.h"
#include "kernel/loader.h"
#include "kernel/options_binder.h"

namespace drawbridge::kernel::isolation {
namespace {

/// The component, as the node commands. One command comes at a time, but for `health`.
class ChildControl final : public Control {
 public:
  ChildControl(std::shared_ptr<Link> link, Runtime& runtime) : link_(std::move(link)), runtime_(runtime) {}

  Described describe(const Setup& setup) override {
    setup_ = setup;
    limit_memory(setup.memory);
    component_ = Loader({setup.folder}).load(setup.plugin).create();
    if (!component_) throw Error(Code::internal, "the plugin created no component");
    if (dynamic_cast<const Selector*>(component_.get()) != nullptr) {
      throw Error(Code::unsupported, "cannot run in a process of its own: its options decide what it is",
                  "leave out `isolate`");
    }
    component_->options(binder_);
    Described out{binder_.specs(), {}};
    for (const auto& type : facet_types()) {
      auto facet = type.cast(component_);
      if (!facet) continue;
      out.facets.emplace_back(type.name);
      link_->objects().set(first_facet + type.interface, type.interface, std::move(facet));
    }
    return out;
  }

  void set(const std::string& option, std::vector<std::string> values) override { spec(option).set(values); }
  void set_secret(const std::string& option, Secret value) override { spec(option).set_secret(std::move(value)); }

  void bind(const std::string& option, const std::string& facet, std::uint64_t object) override {
    const auto* type = find_facet(facet);
    if (type == nullptr || !spec(option).bind(type->proxy({link_, object}))) {
      throw Error(Code::internal, "`" + option + "` cannot be bound to a " + facet);
    }
  }

  Task<> start(Beginning beginning) override {
    host_ = std::make_unique<ChildHost>(setup_, beginning, link_, runtime_);
    auto task = component_->start(*host_);
    co_await std::move(task);
  }
  Task<Health> health(Level level) override {
    host_->set_level(level);
    co_return component_->health();
  }
  Task<> stop() override {
    stopped_ = true;
    auto task = component_->stop();
    co_await std::move(task);
  }

  bool stopped() const { return stopped_; }
  void destroy() { component_.reset(); }

 private:
  const OptionSpec& spec(const std::string& option) const {
    for (const auto& one : binder_.specs()) {
      if (one.name == option) return one;
    }
    throw Error(Code::internal, "there is no option `" + option + "`");
  }

  /// What stops a component that eats memory faster than the node looks. The node has the exact bound.
  static void limit_memory(std::uint64_t memory) {
    constexpr std::uint64_t room = 256_MiB;                                // stacks, and what the allocator keeps
    const bool counts = std::string_view(DRAWBRIDGE_SANITIZER) == "none";  // their shadow memory would count
    if (memory == 0 || !counts) return;
    const rlimit limit{memory + room, memory + room};
    ::setrlimit(RLIMIT_DATA, &limit);
  }

  std::shared_ptr<Link> link_;
  Runtime& runtime_;
  Setup setup_;
  OptionsBinder binder_;
  std::shared_ptr<Component> component_;
  std::unique_ptr<ChildHost> host_;
  std::atomic<bool> stopped_{false};
};

/// The node ends its processes, not a terminal or an init system.
void harden(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);  // it died before that took effect
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // a core would have keys in it
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
}

Link::Sockets take_sockets(const Wiring& wiring) {
  Link::Sockets out;
  int next = first_socket_fd;
  for (std::size_t i = 0; i < wiring.channels; ++i) out.channels.emplace_back(next++);
  for (std::size_t i = 0; i < wiring.lanes; ++i) out.serving.emplace_back(next++);
  for (std::size_t i = 0; i < wiring.back; ++i) out.calling.emplace_back(next++);
  return out;
}

/// Waits until the node lets go, or dies: both close the pipe.
void wait_for_end() {
  char byte = 0;
  while (::read(lifeline_fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

int run_isolated(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "drawbridge-isolated is started by a node, for a component with `isolate: process`\n");
    return 2;
  }
  harden(static_cast<pid_t>(std::atol(argv[1])));
  ::prctl(PR_SET_NAME, "drawbridge-iso");
  const auto number = [&](int i) { return static_cast<std::size_t>(std::atol(argv[i])); };
  const Wiring wiring{number(2), number(3), number(4)};

  Runtime runtime(static_cast<unsigned>(wiring.channels), 8, 1024);
  const Link::Limits limits{Milliseconds(0)};
  const auto link = std::make_shared<Link>(take_sockets(wiring), Fd(arena_fd), Arena::Side::child, limits);
  const auto control = std::make_shared<ChildControl>(link, runtime);
  link->objects().set(control_object, Interface<Control>::number, std::shared_ptr<Control>(control));
  link->begin(runtime.executors());
  link->begin_lanes();
  wait_for_end();
  // Without a stop the node is dead or done with this process, and nothing here is worth another moment.
  if (!control->stopped()) std::_Exit(1);
  link->close();
  if (!runtime.stop(Milliseconds(1'000))) std::_Exit(0);
  control->destroy();
  std::fflush(nullptr);
  std::_Exit(0);  // libraries stay loaded, and none of their static objects needs to be taken down
}

}  // namespace drawbridge::kernel::isolation
