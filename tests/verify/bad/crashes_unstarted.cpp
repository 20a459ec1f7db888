#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    open_ = std::make_unique<volatile bool>(true);
    co_await GoodRecords::start(host);
  }
  ~Bad() override { *open_ = false; }

 private:
  std::unique_ptr<volatile bool> open_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.crashes_unstarted", "0.1.0", "Its destructor expects that it was started.")
