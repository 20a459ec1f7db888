#include "../good.h"

namespace drawbridge {
namespace {

class Bad final : public good::GoodRecords {
 public:
  void options(Options& o) override {
    GoodRecords::options(o);
    o.number("threads", threads_, {1U, 64U}, "");
  }

 private:
  unsigned threads_ = 100;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.careless_options", "0.1.0", "Its default is out of its own bounds.")
