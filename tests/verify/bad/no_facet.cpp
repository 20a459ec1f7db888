#include "drawbridge/component.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

class Bad final : public Component {};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Bad, "bad.no_facet", "0.1.0", "Offers nothing that is known.")
