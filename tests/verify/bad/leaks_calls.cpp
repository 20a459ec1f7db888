#include <list>

#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    history_.push_back(key);
    auto got = co_await GoodRecords::get(std::move(key));
    co_return got;
  }

 private:
  std::list<Key> history_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.leaks_calls", "0.1.0", "Remembers every call.")
