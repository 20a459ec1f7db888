#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.nothing", "0.1.0", "Does nothing wrong.")
