#pragma once

#include <cstdint>

#include "drawbridge/records.h"
#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

/// What every implementation of Records must do. Each case wants a started and empty implementation of its own that
/// holds at least 128 MiB. The random case is a function of `seed`: its failures name the step.
DRAWBRIDGE_API Suite<Records> records_suite(std::uint64_t seed = 1);

}  // namespace drawbridge::testkit
