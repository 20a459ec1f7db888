#pragma once

#include "kernel/verify/settings.h"

namespace drawbridge::verify {

/// Verifies one plugin and reports. Returns the exit code of the program: 0 when everything passed, 1 when something
/// failed, 2 when there was nothing to run, 130 when interrupted. Throws Error when it cannot work at all.
int verify(Settings settings);

}  // namespace drawbridge::verify
