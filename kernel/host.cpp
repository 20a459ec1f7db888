#include "kernel/host.h"

namespace drawbridge::kernel {

const Clock& system_clock() {
  class SystemClock final : public Clock {
   public:
    Timestamp now() const override {
      return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    }
  };
  static const SystemClock clock;  // without state: an address to pass on
  return clock;
}

}  // namespace drawbridge::kernel
