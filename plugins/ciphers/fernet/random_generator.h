#pragma once

#include <cryptopp/cryptlib.h>

#include "drawbridge/random.h"

namespace drawbridge::fernet {

/// The host's randomness in Crypto++'s terms. As thread-safe as its source.
class RandomGenerator final : public CryptoPP::RandomNumberGenerator {
 public:
  explicit RandomGenerator(Random& source) : source_(source) {}
  void GenerateBlock(CryptoPP::byte* output, std::size_t size) override;

 private:
  Random& source_;
};

}  // namespace drawbridge::fernet
