#pragma once

#include <array>
#include <memory>
#include <string>

#include "drawbridge/bytes.h"

namespace drawbridge {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4), in one call and as a stream.
DRAWBRIDGE_API Digest sha256(BytesView data);

class DRAWBRIDGE_API Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(BytesView data);
  Sha256& update(std::string_view text) { return update(view(text)); }
  /// The digest; the stream may not be used afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge
