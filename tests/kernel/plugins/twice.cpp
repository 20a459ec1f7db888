// Declares an option twice, and offers no facet.
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

class Twice final : public Component {
 public:
  void options(Options& o) override {
    o.text("name", text_, "A text.");
    o.text("name", text_, "The same again.");
  }

 private:
  std::string text_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Twice, "test.twice", "0.1.0", "Declares one option twice.")
