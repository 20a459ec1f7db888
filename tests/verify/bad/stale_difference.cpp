#include "../good.h"
#include "drawbridge/differences.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords, public Differences {
 public:
  std::vector<Difference> differences() const override {
    return {{"records.SurvivesARestart", "an earlier version was a cache"}};
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.stale_difference", "0.1.0", "Declares a difference that is none.")
