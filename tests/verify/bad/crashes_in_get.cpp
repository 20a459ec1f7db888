#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    if (key.starts_with("exercise/")) *nowhere_ = 1;
    auto got = co_await GoodRecords::get(std::move(key));
    co_return got;
  }

 private:
  volatile int* volatile nowhere_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.crashes_in_get", "0.1.0", "Follows a null pointer in get.")
