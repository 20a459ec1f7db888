#include <filesystem>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> start(Host& host) override {
    std::filesystem::remove(path());
    co_await GoodRecords::start(host);
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.forgets", "0.1.0", "Forgets everything at a restart.")
