#include <cstdio>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> stop() override {
    if (std::fopen("/dev/null", "r") == nullptr) throw Error(Code::unavailable, "too many open files");
    co_await GoodRecords::stop();
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.leaks_files", "0.1.0", "Leaves a file open.")
