#include "aes_cbc.h"

#include <algorithm>

namespace drawbridge::fernet {

// Crypto++'s mode objects allocate for each message; the block cipher itself does not, and CBC is a few lines on it.

void cbc_encrypt(BytesView key, BytesView iv, MutableBytes padded, std::size_t plain_size) {
  const auto padding = static_cast<std::uint8_t>(padded.size() - plain_size);
  std::fill(padded.begin() + static_cast<std::ptrdiff_t>(plain_size), padded.end(), padding);
  const CryptoPP::AES::Encryption aes(key.data(), key.size());
  const std::uint8_t* previous = iv.data();
  for (std::uint8_t* block = padded.data(); block != padded.data() + padded.size(); block += block_bytes) {
    aes.AdvancedProcessBlocks(block, previous, block, block_bytes, CryptoPP::BlockTransformation::BT_XorInput);
    previous = block;
  }
}

std::optional<std::size_t> cbc_decrypt(BytesView key, BytesView iv, MutableBytes ciphertext) {
  using CryptoPP::BlockTransformation;
  const std::size_t size = ciphertext.size();
  if (size == 0 || size % block_bytes != 0) return std::nullopt;
  const CryptoPP::AES::Decryption aes(key.data(), key.size());
  std::uint8_t* const data = ciphertext.data();
  // From the back, since each block needs the ciphertext before it; many at once, since they do not need each other's
  // plaintext.
  if (size > block_bytes) {
    aes.AdvancedProcessBlocks(data + block_bytes, data, data + block_bytes, size - block_bytes,
                              BlockTransformation::BT_ReverseDirection | BlockTransformation::BT_AllowParallel);
  }
  aes.ProcessAndXorBlock(data, iv.data(), data);

  const std::size_t padding = ciphertext.back();
  if (padding == 0 || padding > block_bytes) return std::nullopt;
  std::uint8_t wrong = 0;
  for (const std::uint8_t byte : ciphertext.last(padding)) wrong |= static_cast<std::uint8_t>(byte ^ padding);
  if (wrong != 0) return std::nullopt;
  return size - padding;
}

}  // namespace drawbridge::fernet
