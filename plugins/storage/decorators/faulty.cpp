// storage.faulty fails a share of the calls to another storage, to show what a node does about it.
#include <unistd.h>

#include "drawbridge/plugin.h"
#include "layer.h"

namespace drawbridge {
namespace {

using decorators::Dice;

class FaultyStorage final : public decorators::Layer {
 public:
  void options(Options& o) override {
    Layer::options(o);
    o.number("per_million", per_million_, {0U, Dice::million}, "How many calls in a million fail.");
    o.choice("code", code_, {"unavailable", "busy", "conflict", "corrupt", "too_large", "not_found", "internal"},
             "The error that they fail with.");
    o.choice("calls", calls_, {"all", "reads", "writes"}, "Which calls may fail.");
    o.choice("when", when_, {"before", "after", "either"},
             "Before the call has any effect; after it has taken effect, which its caller then cannot know; or the one "
             "or the other.");
    o.number("seed", seed_, {std::int64_t{0}, INT64_MAX},
             "Repeats the same faults for the same calls; 0 takes another seed at each start.");
    o.path("only_while", only_while_, "Fail only while this file exists: a switch for a running node.");
  }

  Task<> start(Host& host) override {
    co_await Layer::start(host);
    dice_.start(static_cast<std::uint64_t>(seed_), host.random());
    if (per_million_ != 0) host.log().warning("fails {} calls in a million, on purpose", per_million_);
  }

 protected:
  Task<> before(Call call) override {
    if (when_ != "after") fail(call, when_ == "either" ? per_million_ / 2 : per_million_);
    co_return;
  }
  Task<> after(Call call) override {
    if (when_ != "before") fail(call, when_ == "either" ? per_million_ - per_million_ / 2 : per_million_);
    co_return;
  }

 private:
  void fail(Call call, std::uint32_t per_million) {
    if (calls_ != "all" && (call == Call::read) != (calls_ == "reads")) return;
    if (per_million == 0 || (!only_while_.empty() && ::access(only_while_.c_str(), F_OK) != 0)) return;
    if (dice_.roll(per_million)) throw Error(code_from_name(code_), "storage '" + host().name() + "': injected fault");
  }

  std::uint32_t per_million_ = 0;
  std::string code_ = "unavailable";
  std::string calls_ = "all";
  std::string when_ = "before";
  std::int64_t seed_ = 0;
  std::string only_while_;
  Dice dice_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::FaultyStorage, "storage.faulty", "0.1.0",
                  "Fails a share of the calls to another storage, before or after their effect; for tests.")
