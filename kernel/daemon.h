#pragma once

#include "kernel/node.h"

namespace drawbridge::kernel {

/// Starts a node, logs "ready in N ms", waits for SIGTERM or SIGINT, drains it by `stop()` and returns 0. A signal
/// during the start is obeyed after it; a second one ends the process at once with 128 + its number. A node that
/// could not be stopped whole ends the process with 1 from here, because threads of it still run. Throws what `start`
/// throws.
///
/// Meanwhile SIGHUP reloads the node, and with `node.watch` a change of its file does; what is wrong with the new
/// configuration is logged, and the node goes on as it is.
///
/// For the main thread of a program, once.
DRAWBRIDGE_API int run_until_signal(Node& node);

}  // namespace drawbridge::kernel
