#include "kernel/verify/child.h"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "drawbridge/differences.h"
#include "drawbridge/files.h"
#include "drawbridge/selector.h"
#include "drawbridge/testkit/catalogue.h"
#include "kernel/verify/bench.h"
#include "kernel/verify/default_config.h"
#include "kernel/verify/lines.h"

namespace drawbridge::verify {
namespace {

/// Writes lines to the parent. Never throws: when the parent is gone, there is nobody to tell.
void tell(const std::string& kind, const std::string& text) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string line = kind + " " + one_line(text) + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const auto wrote = ::write(report_descriptor, line.data() + at, line.size() - at);
    if (wrote <= 0) return;
    at += static_cast<std::size_t>(wrote);
  }
}

/// The end of the process: nothing of the plugin runs any more, neither static destructors nor abandoned threads.
[[noreturn]] void finish(const std::string& verdict, const std::string& text) {
  tell(verdict, text);
  ::_exit(0);
}

void limit(const Settings& settings) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it must not outlive the program
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  if (settings.memory_bytes == 0) return;
  const rlimit memory{settings.memory_bytes, settings.memory_bytes};
  ::setrlimit(RLIMIT_DATA, &memory);
}

Channel channel() {
  return {[](const std::string& doing) { tell("note", doing); },
          [](const std::string& what) { finish("failed", "hangs: " + what); }};
}

ConfigText config_of(const Settings& settings) {
  return {to_text(read_file(settings.config, 1_MiB)), settings.config.string()};
}

/// The facets of a component, and where it declares to differ.
testkit::Facets tell_kind(Component& component) {
  auto facets = testkit::facets_of(component);
  for (const auto& facet : facets.with_suite) tell("fact", "facet " + facet);
  for (const auto& facet : facets.without_suite) tell("fact", "other " + facet);
  if (const auto* declared = dynamic_cast<const Differences*>(&component)) {
    for (const auto& difference : declared->differences()) {
      tell("fact", "differs " + difference.test + " " + difference.reason);
    }
  }
  return facets;
}

/// Loads and creates, tells what it is, and where none was given writes the configuration to work with.
void inspect(const Settings& settings) {
  const auto subject = read_subject(settings.plugin, settings.plugin_dirs, settings.scratch);
  tell("note", "while the library is loaded");
  const auto plugin = kernel::Loader(subject.folders).load(subject.id);
  tell("note", "in create()");
  // Whether instances can be destroyed is for a case to find out.
  const auto& component = *new std::shared_ptr<Component>(plugin.create());
  if (!component) throw testkit::Failure("create() returned no component");
  const bool selects = dynamic_cast<const Selector*>(component.get()) != nullptr;
  if (selects && settings.config.empty()) {
    throw testkit::Failure("its options decide what it is: give a configuration that mounts it");
  }
  const auto facets = selects ? testkit::Facets{} : tell_kind(*component);
  tell("note", "in options()");
  auto with_config = settings;
  if (settings.config.empty()) {
    with_config.config = settings.scratch / "default.yaml";
    const auto text = default_config(subject, *component, facets.with_suite);
    std::ofstream(with_config.config) << text;
    tell("fact", "config " + text);
  }
  const auto config = config_of(with_config);
  for (const auto& difference : config.differences()) {
    tell("fact", "differs " + difference.test + " " + difference.reason);
  }
  auto& bench = *new NodeBench(with_config, subject, config, channel());
  auto* const mounted = bench.mount("alice").release();
  if (selects) tell_kind(*mounted->component());
}

std::string time_load(const Settings& settings) {
  const auto subject = read_subject(settings.plugin, settings.plugin_dirs, settings.scratch);
  const auto begin = std::chrono::steady_clock::now();
  kernel::Loader(subject.folders).load(subject.id);
  const auto took = std::chrono::steady_clock::now() - begin;
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
}

void run_case(const Settings& settings) {
  const std::vector<std::string> every{"Records", "Blobs", "CipherSuite", "Ledger", "Transport", "Keeper"};
  for (const auto& test : testkit::cases_for(every, settings.seed)) {
    if (test.full_name() != settings.case_name) continue;
    tell("note", "while the library is loaded");
    const auto subject = read_subject(settings.plugin, settings.plugin_dirs, settings.scratch);
    NodeBench bench(settings, subject, config_of(settings), channel());
    test.run(bench);
    return;
  }
  throw Error(Code::internal, "there is no case " + settings.case_name);
}

}  // namespace

void run_child(const Settings& settings) {
  ::setenv(secret_variable, "a secret for the time of one test", 1);
  limit(settings);
  std::string answer;
  try {
    if (settings.mode == "inspect") {
      inspect(settings);
    } else if (settings.mode == "load") {
      answer = time_load(settings);
    } else {
      run_case(settings);
    }
  } catch (const testkit::Skip& skip) {
    finish("skipped", skip.what());
  } catch (...) {
    finish("failed", testkit::failure_text(std::current_exception()));
  }
  finish("passed", answer);
}

}  // namespace drawbridge::verify
