#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> stop() override {
    if (started_) co_await host().sleep(std::chrono::hours(24));
  }
  Task<> start(Host& host) override {
    started_ = true;
    co_await GoodRecords::start(host);
  }

 private:
  bool started_ = false;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.hangs_in_stop", "0.1.0", "Never comes back from stop.")
