#pragma once

#include <vector>

#include "drawbridge/task.h"

namespace drawbridge::testkit {

/// Runs the tasks at once on a few threads of its own, waits for all of them, and rethrows the first failure.
Task<> in_parallel(std::vector<Task<>> tasks);

}  // namespace drawbridge::testkit
