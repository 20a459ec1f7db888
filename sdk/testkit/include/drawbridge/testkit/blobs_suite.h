#pragma once

#include <cstdint>

#include "drawbridge/blobs.h"
#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

/// What every implementation of Blobs must do. Each case wants a started and empty implementation of its own that
/// holds at least 64 MiB. The random case is a function of `seed`: its failures name the step.
DRAWBRIDGE_API Suite<Blobs> blobs_suite(std::uint64_t seed = 1);

}  // namespace drawbridge::testkit
