// The least that a plugin can be: no option, no facet.
#include "drawbridge/component.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {
class Bare final : public Component {};
}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bare, "test.bare", "0.1.0", "Does nothing.")
