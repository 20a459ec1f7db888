#include "component_cases.h"
#include "exercise.h"

namespace drawbridge::testkit {
namespace {

void created_and_destroyed(Bench& bench) {
  bench.note("in create()");
  auto component = bench.create();
  check(component != nullptr, "create() returned no component");
  bench.note("in the destructor of an instance without options");
  component.reset();
}

void destroyed_unstarted(Bench& bench) {
  auto mount = bench.mount();
  bench.note("in the destructor of an instance that was never started");
  mount.reset();
}

void stopped_unstarted(Bench& bench) {
  const auto mount = bench.mount();
  mount->stop();
  mount->stop();
}

void starts_in_time(Bench& bench) {
  const auto mount = started(bench);
  const auto health = mount->component()->health();
  check(health.state != Health::State::failed, "it started and says that it failed: " + health.detail);
  mount->stop();
}

void stops_twice(Bench& bench) {
  const auto mount = started(bench);
  mount->stop();
  bench.note("in the second stop()");
  mount->stop();
}

void stops_after_work(Bench& bench) {
  const auto mount = started(bench);
  mount->wait(exercise(*mount->component(), "work"));
  mount->stop();
  bench.note("in health() after stop()");
  mount->component()->health();
}

void starts_again(Bench& bench) {
  const auto mount = started(bench);
  for (int i = 0; i < 3; ++i) {
    mount->stop();
    mount->renew();
    mount->start();
    mount->wait(exercise(*mount->component(), "life" + std::to_string(i)));
  }
  mount->stop();
}

void side_by_side(Bench& bench) {
  const auto first = started(bench, "alice");
  const auto second = started(bench, "bob");
  auto& one = *first->component();
  auto& other = *second->component();
  first->wait(exercise(one, "first"));
  check(!second->wait(sees(other, "first")),
        "what is written to one instance is seen in another with a data folder of its own; keep no state in globals or "
        "statics");
  second->wait(exercise(other, "second"));
  first->stop();
  bench.note("in a call of the second instance, after the first one's stop()");
  second->wait(read_again(other, "second"));
  check(other.health().state != Health::State::failed, "when one instance stops, another one says that it failed");
  second->stop();
}

}  // namespace

void add_life_cases(std::vector<BenchCase>& suite) {
  suite.push_back({"component", "CreatedAndDestroyed", created_and_destroyed});
  suite.push_back({"component", "DestroyedUnstarted", destroyed_unstarted});
  suite.push_back({"component", "StoppedUnstarted", stopped_unstarted});
  suite.push_back({"component", "StartsWithinTheDeadline", starts_in_time});
  suite.push_back({"component", "StopsTwice", stops_twice});
  suite.push_back({"component", "StopsAfterWork", stops_after_work});
  suite.push_back({"component", "ANewInstanceStartsOnTheSameData", starts_again});
  suite.push_back({"component", "TwoInstancesSideBySide", side_by_side});
}

}  // namespace drawbridge::testkit
