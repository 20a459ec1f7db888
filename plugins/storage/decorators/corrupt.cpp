// storage.corrupt flips bits in what is read from another storage, as a failing disk would.
#include "drawbridge/plugin.h"
#include "layer.h"

namespace drawbridge {
namespace {

using decorators::Dice;

class CorruptStorage final : public decorators::Layer {
 public:
  void options(Options& o) override {
    Layer::options(o);
    o.number("per_million", per_million_, {0U, Dice::million},
             "How many values and parts of blobs in a million come back with one bit flipped. What is stored stays.");
    o.choice("what", what_, {"all", "records", "blobs"}, "What is spoilt.");
    o.number("seed", seed_, {std::int64_t{0}, INT64_MAX},
             "Repeats the same damage for the same calls; 0 takes another seed at each start.");
  }

  Task<> start(Host& host) override {
    co_await Layer::start(host);
    dice_.start(static_cast<std::uint64_t>(seed_), host.random());
    if (per_million_ != 0) host.log().warning("spoils {} reads in a million, on purpose", per_million_);
  }

 protected:
  void alter(What what, MutableBytes bytes) override {
    const bool chosen = what_ == "all" || (what == What::record) == (what_ == "records");
    if (!chosen || bytes.empty() || !dice_.roll(per_million_)) return;
    const auto bit = dice_.below(bytes.size() * 8);
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }

 private:
  std::uint32_t per_million_ = 0;
  std::string what_ = "all";
  std::int64_t seed_ = 0;
  Dice dice_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::CorruptStorage, "storage.corrupt", "0.1.0",
                  "Flips bits in what is read from another storage; for tests.")
