#pragma once

#include "drawbridge/bytes.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// The source of randomness. Code takes it from its Host, so that a simulation can be replayed from a seed.
/// Implementations are thread-safe; outside a simulation every byte comes from the operating system's CSPRNG.
class DRAWBRIDGE_API Random {
 public:
  virtual ~Random();
  virtual void fill(MutableBytes out) = 0;

  Bytes bytes(std::size_t count);
  Secret secret(std::size_t count);
};

/// getrandom(2). Throws Error{internal} if the system has none.
DRAWBRIDGE_API Random& system_random();

}  // namespace drawbridge
