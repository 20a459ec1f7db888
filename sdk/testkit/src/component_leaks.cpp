// What grows with every instance or call is a leak. Caches and pools grow, too, but not for ever: so there is a
// warm-up, and only what grows in each of several blocks of rounds counts.
#include <algorithm>
#include <functional>
#include <vector>

#include "component_cases.h"
#include "exercise.h"
#include "usage.h"

namespace drawbridge::testkit {
namespace {

constexpr std::size_t blocks = 5;

struct Plan {
  std::size_t warm_up;
  std::size_t rounds;            ///< In a block.
  std::int64_t bytes_per_round;  ///< What grows by less is not called a leak.
  std::string each;              ///< "instance"
  std::string advice;
};

/// The smallest growth of any block, each divided by its rounds.
Usage steady_growth(const std::vector<Usage>& samples, std::int64_t rounds) {
  Usage least{INT64_MAX, INT64_MAX, INT64_MAX};
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const auto& before = samples[i - 1];
    const auto& now = samples[i];
    least.heap_bytes = std::min(least.heap_bytes, (now.heap_bytes - before.heap_bytes) / rounds);
    least.threads = std::min(least.threads, now.threads - before.threads);
    least.files = std::min(least.files, now.files - before.files);
  }
  return least;
}

void check_growth(const Plan& plan, const std::function<void(std::size_t)>& round) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < plan.warm_up; ++i) round(number++);
  std::vector<Usage> samples{usage_now()};
  samples.reserve(blocks + 1);
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t i = 0; i < plan.rounds; ++i) round(number++);
    samples.push_back(usage_now());
  }
  const auto growth = steady_growth(samples, static_cast<std::int64_t>(plan.rounds));
  const auto rounds = static_cast<std::int64_t>(plan.rounds);
  check(growth.threads < rounds, "leaks threads: each " + plan.each + " leaves one behind; " + plan.advice);
  check(growth.files < rounds, "leaks file descriptors: each " + plan.each + " leaves one open; " + plan.advice);
  check(growth.heap_bytes < plan.bytes_per_round, "leaks memory: each " + plan.each + " leaves about " +
                                                      std::to_string(growth.heap_bytes) + " bytes behind; " +
                                                      plan.advice);
}

void instances_leak_nothing(Bench& bench) {
  const auto mount = bench.mount();
  const Plan plan{4, 3, 200, "instance", "stop() and the destructor must give back what start() took"};
  check_growth(plan, [&](std::size_t number) {
    if (number > 0) mount->renew();
    mount->start();
    mount->wait(exercise(*mount->component(), "leak"));
    mount->stop();
  });
}

void calls_leak_nothing(Bench& bench) {
  const auto mount = started(bench);
  if (!can_exercise(*mount->component())) throw Skip("no facet whose calls are known");
  mount->wait(exercise(*mount->component(), "leak"));
  const Plan plan{60, 40, 12, "call", "give back what a call takes"};
  check_growth(plan, [&](std::size_t) { mount->wait(read_again(*mount->component(), "leak")); });
  mount->stop();
}

}  // namespace

void add_leak_cases(std::vector<BenchCase>& suite) {
  suite.push_back({"component", "InstancesLeakNothing", instances_leak_nothing});
  suite.push_back({"component", "CallsLeakNothing", calls_leak_nothing});
}

}  // namespace drawbridge::testkit
