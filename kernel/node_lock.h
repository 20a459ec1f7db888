#pragma once

#include <filesystem>

#include "drawbridge/export.h"

namespace drawbridge::kernel {

/// Holds the folder of a node, so that no second node uses it. The lock is the system's (flock(2) on `node.lock`, with
/// the holder's process id inside) and ends with the process, however that ends.
class DRAWBRIDGE_API NodeLock {
 public:
  /// Creates the folder with mode 0700 when it is missing. Throws Error{conflict} that names the process which holds
  /// it, Error{unavailable} when the folder cannot be used.
  explicit NodeLock(const std::filesystem::path& folder);
  ~NodeLock();
  NodeLock(const NodeLock&) = delete;
  NodeLock& operator=(const NodeLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace drawbridge::kernel
