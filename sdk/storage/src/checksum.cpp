#include "drawbridge/storage/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace drawbridge::storage {
namespace {

// xxHash specification, "XXH64 algorithm description".
constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F, prime3 = 0x165667B19E3779F9,
                        prime4 = 0x85EBCA77C2B2AE63, prime5 = 0x27D4EB2F165667C5;

template <class Word>
Word load(const std::uint8_t* at) {
  static_assert(std::endian::native == std::endian::little);
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

std::uint64_t round(std::uint64_t sum, std::uint64_t lane) {
  return std::rotl(sum + lane * prime2, 31) * prime1;
}

/// Steps 1 to 3: whole stripes of 32 bytes; moves `at` behind them.
std::uint64_t stripes(const std::uint8_t*& at, const std::uint8_t* end, std::uint64_t seed) {
  std::array<std::uint64_t, 4> sums = {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
  for (; end - at >= 32; at += 32) {
    for (std::size_t i = 0; i < 4; ++i) sums[i] = round(sums[i], load<std::uint64_t>(at + 8 * i));
  }
  auto sum = std::rotl(sums[0], 1) + std::rotl(sums[1], 7) + std::rotl(sums[2], 12) + std::rotl(sums[3], 18);
  for (const auto one : sums) sum = (sum ^ round(0, one)) * prime1 + prime4;
  return sum;
}

}  // namespace

std::uint64_t xxh64(BytesView data, std::uint64_t seed) {
  const std::uint8_t* at = data.data();
  const std::uint8_t* const end = at + data.size();
  std::uint64_t sum = data.size() >= 32 ? stripes(at, end, seed) : seed + prime5;
  sum += data.size();
  for (; end - at >= 8; at += 8) sum = std::rotl(sum ^ round(0, load<std::uint64_t>(at)), 27) * prime1 + prime4;
  if (end - at >= 4) {
    sum = std::rotl(sum ^ (load<std::uint32_t>(at) * prime1), 23) * prime2 + prime3;
    at += 4;
  }
  for (; at != end; ++at) sum = std::rotl(sum ^ (*at * prime5), 11) * prime1;
  sum = (sum ^ (sum >> 33)) * prime2;
  sum = (sum ^ (sum >> 29)) * prime3;
  return sum ^ (sum >> 32);
}

}  // namespace drawbridge::storage
