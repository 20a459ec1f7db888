#include "drawbridge/random.h"

#include <sys/random.h>

#include <cerrno>

#include "drawbridge/error.h"

namespace drawbridge {

Random::~Random() = default;

Bytes Random::bytes(std::size_t count) {
  Bytes out(count);
  fill(out);
  return out;
}

Secret Random::secret(std::size_t count) {
  Secret out(count);
  fill(out.writable());
  return out;
}

Random& system_random() {
  class SystemRandom final : public Random {
   public:
    void fill(MutableBytes out) override {
      while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw Error(Code::internal, "the system gives no random bytes");
        out = out.subspan(static_cast<std::size_t>(got));
      }
    }
  };
  static SystemRandom random;  // without state: an address to pass on
  return random;
}

}  // namespace drawbridge
