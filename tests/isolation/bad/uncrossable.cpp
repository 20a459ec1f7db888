// Uses a facet that no process but the node's can have.
#include "drawbridge/assets.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

class Uncrossable final : public Component {
 public:
  void options(Options& o) override { o.use_optional("assets", assets_, "What cannot cross."); }

 private:
  Ref<Assets> assets_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(Uncrossable, "test.uncrossable", "1.0.0", "Uses what cannot cross processes.")

}  // namespace drawbridge
