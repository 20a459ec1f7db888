#include <stdexcept>
#include <thread>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    std::thread([] { throw std::runtime_error("the connection was closed"); }).join();
    co_await GoodRecords::start(host);
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.throws_in_a_thread", "0.1.0", "Throws in a thread of its own.")
