#include "usage.h"

#include <malloc.h>

#include <filesystem>
#include <string_view>

#include "drawbridge/plugin.h"

namespace drawbridge::testkit {
namespace {

std::int64_t entries_of(const char* folder) {
  std::int64_t count = 0;
  std::error_code ignored;  // a thread may end while it is counted
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored))
    ++count;
  return count;
}

}  // namespace

bool heap_is_measured() {
  return std::string_view(DRAWBRIDGE_SANITIZER) == "none";
}

Usage usage_now() {
  Usage out;
  if (heap_is_measured()) {
    const struct mallinfo2 heap = ::mallinfo2();
    out.heap_bytes = static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
  }
  out.threads = entries_of("/proc/self/task");
  out.files = entries_of("/proc/self/fd");
  return out;
}

}  // namespace drawbridge::testkit
