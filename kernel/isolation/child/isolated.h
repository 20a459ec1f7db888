#pragma once

#include "drawbridge/export.h"

namespace drawbridge::kernel::isolation {

/// The program drawbridge-isolated: runs one component for the node that started it, and ends with it.
DRAWBRIDGE_API int run_isolated(int argc, char** argv);

}  // namespace drawbridge::kernel::isolation
