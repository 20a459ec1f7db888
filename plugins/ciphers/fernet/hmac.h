#pragma once

#include <cryptopp/sha.h>

#include "drawbridge/hash.h"
#include "drawbridge/secret.h"

namespace drawbridge::fernet {

/// HMAC-SHA256 (RFC 2104, FIPS 198-1) on Crypto++'s SHA-256. Copies of a keyed one are cheap and save hashing the key
/// again. Wiped on destruction. Not thread-safe; copying from several threads is.
class HmacSha256 {
 public:
  explicit HmacSha256(BytesView key);

  HmacSha256& update(BytesView data);
  HmacSha256& update(std::string_view text) { return update(view(text)); }
  /// The tag; the object may not be used afterwards.
  Digest finish();

 private:
  CryptoPP::SHA256 inner_;
  CryptoPP::SHA256 outer_;
};

/// HKDF-SHA256 (RFC 5869): both steps, and the second alone. `size` is at most 255 * 32.
Secret hkdf(BytesView key, BytesView salt, BytesView info, std::size_t size);
Secret hkdf_expand(const HmacSha256& keyed, BytesView info, std::size_t size);

/// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA256.
Secret pbkdf2(BytesView password, BytesView salt, std::uint32_t iterations, std::size_t size);

}  // namespace drawbridge::fernet
