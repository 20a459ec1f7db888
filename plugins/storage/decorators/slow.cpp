// storage.slow makes another storage answer late, as a network or a busy disk would.
#include "drawbridge/plugin.h"
#include "layer.h"

namespace drawbridge {
namespace {

class SlowStorage final : public decorators::Layer {
 public:
  void options(Options& o) override {
    constexpr Bounds<Milliseconds> bounds{Milliseconds(0), std::chrono::minutes(1)};
    Layer::options(o);
    o.duration("delay", delay_, bounds, "What every call waits before it reaches the storage.");
    o.duration("jitter", jitter_, bounds, "What a call may wait on top of that: from nothing to all of it.");
    o.choice("calls", calls_, {"all", "reads", "writes"}, "Which calls are late.");
    o.number("seed", seed_, {std::int64_t{0}, INT64_MAX},
             "Repeats the same jitter for the same calls; 0 takes another seed at each start.");
  }

  Task<> start(Host& host) override {
    co_await Layer::start(host);
    dice_.start(static_cast<std::uint64_t>(seed_), host.random());
  }

 protected:
  Task<> before(Call call) override {
    if (calls_ != "all" && (call == Call::read) != (calls_ == "reads")) co_return;
    auto wait = delay_;
    if (jitter_.count() > 0) wait += Milliseconds(dice_.below(static_cast<std::uint64_t>(jitter_.count()) + 1));
    if (wait.count() > 0) co_await host().sleep(wait);
  }

 private:
  Milliseconds delay_{0};
  Milliseconds jitter_{0};
  std::string calls_ = "all";
  std::int64_t seed_ = 0;
  decorators::Dice dice_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::SlowStorage, "storage.slow", "0.1.0", "Delays the calls to another storage; for tests.")
