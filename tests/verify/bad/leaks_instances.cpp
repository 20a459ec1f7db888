#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    buffer_ = std::make_unique<Bytes>(4096).release();
    co_await GoodRecords::start(host);
  }

 private:
  Bytes* buffer_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.leaks_instances", "0.1.0", "Never gives back what start took.")
