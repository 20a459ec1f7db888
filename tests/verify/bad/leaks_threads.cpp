#include <future>
#include <thread>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    std::thread([] { std::promise<void>().get_future().wait(); }).detach();
    co_await GoodRecords::start(host);
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.leaks_threads", "0.1.0", "Leaves a thread behind.")
