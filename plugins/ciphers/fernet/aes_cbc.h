#pragma once

#include <cryptopp/aes.h>

#include <optional>

#include "drawbridge/bytes.h"

namespace drawbridge::fernet {

inline constexpr std::size_t block_bytes = 16;

/// AES-128 in CBC mode (NIST SP 800-38A §6.2) with the padding of RFC 5652 §6.3, in place. Keys have 16 bytes, IVs one
/// block.

/// The size of the padded form of `plain_size` bytes.
constexpr std::size_t padded_size(std::size_t plain_size) {
  return (plain_size / block_bytes + 1) * block_bytes;
}

/// Pads the last block of `padded`, in whose front `plain_size` bytes are plaintext, and encrypts all of it.
void cbc_encrypt(BytesView key, BytesView iv, MutableBytes padded, std::size_t plain_size);

/// Decrypts and returns the size of the plaintext in front, or nothing for a wrong length or padding.
std::optional<std::size_t> cbc_decrypt(BytesView key, BytesView iv, MutableBytes ciphertext);

}  // namespace drawbridge::fernet
