#include <future>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host&) override {
    std::promise<void>().get_future().wait();
    co_return;
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.hangs_in_start", "0.1.0", "Never comes back from start.")
