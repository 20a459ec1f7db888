#include "random_generator.h"

namespace drawbridge::fernet {

void RandomGenerator::GenerateBlock(CryptoPP::byte* output, std::size_t size) {
  source_.fill({output, size});
}

}  // namespace drawbridge::fernet
