#include <cstdlib>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host&) override {
    std::exit(3);
    co_return;
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.ends_the_process", "0.1.0", "Ends the process.")
