// Crashes before it is anything.
#include <cstdio>
#include <cstdlib>

#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

class BadOptions final : public Component {
 public:
  void options(Options&) override {
    std::fprintf(stderr, "out of options\n");
    std::abort();
  }
};

}  // namespace

DRAWBRIDGE_PLUGIN(BadOptions, "test.bad_options", "1.0.0", "Crashes when asked for its options.")

}  // namespace drawbridge
