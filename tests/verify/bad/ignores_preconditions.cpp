#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<> commit(Batch batch) override {
    Batch without;
    for (const auto& [key, value] : batch.changes()) value ? without.put(key, *value) : without.erase(key);
    co_await GoodRecords::commit(std::move(without));
  }
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.ignores_preconditions", "0.1.0",
                  "Does not look at the preconditions of a batch.")
