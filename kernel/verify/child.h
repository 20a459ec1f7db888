#pragma once

#include "kernel/verify/settings.h"

namespace drawbridge::verify {

/// Where a process that `run_self` started writes what it has to say.
inline constexpr int report_descriptor = 3;

/// What such a process does instead of the program: one case, or a look at the plugin. Never returns.
[[noreturn]] void run_child(const Settings& settings);

}  // namespace drawbridge::verify
