#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> commit(Batch batch) override {
    for (;;) eaten_.emplace_back(16_MiB, std::uint8_t{1});
    co_await GoodRecords::commit(std::move(batch));
  }

 private:
  std::vector<Bytes> eaten_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.eats_memory", "0.1.0", "Takes all the memory that there is.")
