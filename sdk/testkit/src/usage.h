#pragma once

#include <cstdint>

namespace drawbridge::testkit {

/// What this process holds now.
struct Usage {
  std::int64_t heap_bytes = 0;  ///< Allocated by malloc and not freed; 0 where the allocator does not tell.
  std::int64_t threads = 0;
  std::int64_t files = 0;  ///< Open file descriptors.
};

Usage usage_now();

/// Whether `heap_bytes` means anything: the allocator of a sanitizer does not tell.
bool heap_is_measured();

}  // namespace drawbridge::testkit
