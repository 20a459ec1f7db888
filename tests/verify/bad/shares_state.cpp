#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    const std::lock_guard lock(mutex);
    const auto found = all.find(key);
    co_return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  Task<> commit(Batch batch) override {
    const Batch copy = batch;
    co_await GoodRecords::commit(std::move(batch));
    const std::lock_guard lock(mutex);
    for (const auto& [key, value] : copy.changes()) all.insert_or_assign(key, value.value_or(Bytes{}));
  }

 private:
  static inline std::mutex mutex;
  static inline std::map<Key, Bytes> all;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.shares_state", "0.1.0", "Keeps its records in a static variable.")
