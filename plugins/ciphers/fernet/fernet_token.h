#pragma once

#include <optional>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/random.h"
#include "drawbridge/secret.h"

namespace drawbridge::fernet {

/// Fernet tokens, exactly as github.com/fernet/spec has them: version 80, time, IV, AES-128-CBC, HMAC-SHA256.
/// A raw token is the bytes, a text token their base64url. All functions are thread-safe.

inline constexpr std::size_t key_bytes = 32;  ///< Signing key (16), encryption key (16).

/// How far ahead of ours a token's clock may be, where a time to live is asked for. Of other implementations, not of
/// the specification.
inline constexpr std::chrono::seconds max_skew{60};

/// A time to live, judged at `now`.
struct Lifetime {
  std::chrono::seconds ttl;
  Timestamp now;
};

/// The exact size of the raw token of `plain_size` bytes.
std::size_t token_size(std::size_t plain_size);

/// Appends a raw token to `out`. `key` has `key_bytes`, `iv` 16 random bytes; a time before 1970 counts as 1970.
void seal_token(BytesView key, Timestamp now, BytesView iv, BytesView plain, Bytes& out);

/// Appends the plaintext of a raw token to `out` and returns true; or returns false, whatever the reason, with `out`
/// unchanged. The HMAC is checked, in constant time, before anything is decrypted. Without a lifetime the token's time
/// does not matter.
bool open_token(BytesView key, BytesView token, const std::optional<Lifetime>& lifetime, Bytes& out);

/// The same in text. The key's text is base64url of `key_bytes`; a key that is none throws Error{invalid} when sealing
/// and opens nothing.
std::string seal_text_token(std::string_view key, Timestamp now, BytesView iv, BytesView plain);
std::optional<Secret> open_text_token(std::string_view key, std::string_view token,
                                      const std::optional<Lifetime>& lifetime);
Secret text_key(BytesView key);

}  // namespace drawbridge::fernet
