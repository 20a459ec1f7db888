#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    open_ = std::make_unique<volatile bool>(true);
    was_started_ = true;
    co_await GoodRecords::start(host);
  }
  Task<> stop() override {
    if (!was_started_) co_return;
    *open_ = false;
    open_.reset();
    co_await GoodRecords::stop();
  }

 private:
  bool was_started_ = false;
  std::unique_ptr<volatile bool> open_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.crashes_when_stopped_twice", "0.1.0",
                  "Uses in a second stop what the first one gave back.")
