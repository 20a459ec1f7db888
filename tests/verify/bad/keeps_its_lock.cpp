#include <atomic>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    while (busy_.exchange(true)) co_await host().sleep(Milliseconds(1));
    // Cancelled in here, it never gets to the line that lets the others in.
    const std::function<void()> nothing = [] {};
    for (int i = 0; i < 20; ++i) co_await host().blocking(nothing);
    busy_ = false;
    auto got = co_await GoodRecords::get(std::move(key));
    co_return got;
  }

 private:
  std::atomic<bool> busy_ = false;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.keeps_its_lock", "0.1.0", "A cancelled call keeps its lock.")
