#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Bad() { throw Error(Code::unavailable, "no connection to the database"); }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.throws_in_create", "0.1.0", "Throws in its constructor.")
