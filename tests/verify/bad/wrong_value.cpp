#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    auto got = co_await GoodRecords::get(std::move(key));
    if (got && !got->empty()) got->back() ^= 1;
    co_return got;
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.wrong_value", "0.1.0", "Gives other bytes than were put.")
