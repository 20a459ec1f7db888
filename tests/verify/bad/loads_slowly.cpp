#include <thread>

#include "../good.h"

namespace drawbridge {
namespace {

const bool ready = [] {
  std::this_thread::sleep_for(Milliseconds(150));
  return true;
}();

class Bad final : public good::GoodRecords {
  Health health() const override { return {ready ? Health::State::ok : Health::State::failed, {}}; }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.loads_slowly", "0.1.0", "Works while it is loaded.")
