#include <thread>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    std::this_thread::sleep_for(Milliseconds(300));
    auto got = co_await GoodRecords::get(std::move(key));
    co_return got;
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.blocks_the_io_thread", "0.1.0", "Sleeps on the thread that serves others.")
