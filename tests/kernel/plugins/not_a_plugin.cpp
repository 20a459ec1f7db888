// A shared library that is no plugin. Running any of its code would end the test program.
#include <cstdlib>

namespace {
__attribute__((constructor)) void run() {
  std::abort();
}
}  // namespace
