#include "hmac.h"

#include <algorithm>
#include <array>

#include "drawbridge/error.h"

namespace drawbridge::fernet {
namespace {

constexpr std::size_t hash_block_bytes = CryptoPP::SHA256::BLOCKSIZE;

}  // namespace

HmacSha256::HmacSha256(BytesView key) {
  std::array<std::uint8_t, hash_block_bytes> block{};
  if (key.size() > block.size()) {
    inner_.CalculateDigest(block.data(), key.data(), key.size());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  for (auto& byte : block) byte ^= 0x36;  // RFC 2104 §2: ipad, then opad
  inner_.Update(block.data(), block.size());
  for (auto& byte : block) byte ^= 0x36 ^ 0x5c;
  outer_.Update(block.data(), block.size());
  wipe(block);
}

HmacSha256& HmacSha256::update(BytesView data) {
  inner_.Update(data.data(), data.size());
  return *this;
}

Digest HmacSha256::finish() {
  Digest digest;
  inner_.Final(digest.data());
  outer_.Update(digest.data(), digest.size());
  outer_.Final(digest.data());
  return digest;
}

Secret hkdf(BytesView key, BytesView salt, BytesView info, std::size_t size) {
  HmacSha256 extract(salt);
  Digest prk = extract.update(key).finish();
  const HmacSha256 keyed{BytesView(prk)};
  wipe(prk);
  return hkdf_expand(keyed, info, size);
}

Secret hkdf_expand(const HmacSha256& keyed, BytesView info, std::size_t size) {
  if (size > 255 * std::tuple_size_v<Digest>) throw Error(Code::invalid, "hkdf gives at most 8160 bytes");
  Secret out(size);
  Digest block{};
  std::size_t done = 0;
  for (std::uint8_t counter = 1; done < size; ++counter) {
    HmacSha256 mac = keyed;
    if (counter > 1) mac.update(BytesView(block));
    block = mac.update(info).update(BytesView(&counter, 1)).finish();
    const std::size_t take = std::min(block.size(), size - done);
    std::copy_n(block.begin(), take, out.writable().subspan(done).begin());
    done += take;
  }
  wipe(block);
  return out;
}

Secret pbkdf2(BytesView password, BytesView salt, std::uint32_t iterations, std::size_t size) {
  const HmacSha256 keyed(password);
  Secret out(size);
  std::size_t done = 0;
  for (std::uint32_t index = 1; done < size; ++index) {
    Bytes number;
    append_u32be(number, index);
    HmacSha256 first = keyed;
    Digest step = first.update(salt).update(BytesView(number)).finish();
    Digest sum = step;
    for (std::uint32_t i = 1; i < iterations; ++i) {
      HmacSha256 next = keyed;
      step = next.update(BytesView(step)).finish();
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] ^= step[j];
    }
    const std::size_t take = std::min(sum.size(), size - done);
    std::copy_n(sum.begin(), take, out.writable().subspan(done).begin());
    done += take;
    wipe(step);
    wipe(sum);
  }
  return out;
}

}  // namespace drawbridge::fernet
