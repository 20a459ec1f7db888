#include "chunks.h"

#include <array>

#include "drawbridge/error.h"
#include "fernet_token.h"
#include "hmac.h"

namespace drawbridge::fernet {
namespace {

HmacSha256 derive_base(const Secret& data_key, BytesView header) {
  if (data_key.size() != CipherSuite::data_key_bytes) throw Error(Code::invalid, "a data key has 32 bytes");
  const Digest salt = sha256(header);
  const Secret base = hkdf(data_key.bytes(), salt, view("drawbridge.fernet/1 chunks"), key_bytes);
  return HmacSha256(base.bytes());
}

class Chunks final : public ChunkCipher {
 public:
  Chunks(const Secret& data_key, BytesView header, Random& random, const Clock& clock)
      : base_(derive_base(data_key, header)), random_(random), clock_(clock) {}

  std::size_t sealed_size(std::size_t plain_size) const override { return token_size(plain_size); }

  void seal(std::uint64_t index, bool last, BytesView plain, Bytes& out) const override {
    std::array<std::uint8_t, 16> iv;
    random_.fill(iv);
    seal_token(chunk_key(index, last).bytes(), clock_.now(), iv, plain, out);
  }

  bool open(std::uint64_t index, bool last, BytesView sealed, Bytes& out) const override {
    return open_token(chunk_key(index, last).bytes(), sealed, std::nullopt, out);
  }

  Secret portable_key(std::uint64_t index, bool last) const override {
    return text_key(chunk_key(index, last).bytes());
  }

 private:
  Secret chunk_key(std::uint64_t index, bool last) const {
    Bytes info = to_bytes("chunk");
    append_u64be(info, index);
    info.push_back(last ? 1 : 0);
    return hkdf_expand(base_, info, key_bytes);
  }

  const HmacSha256 base_;
  Random& random_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<ChunkCipher> make_chunk_cipher(const Secret& data_key, BytesView header, Random& random,
                                               const Clock& clock) {
  return std::make_unique<Chunks>(data_key, header, random, clock);
}

}  // namespace drawbridge::fernet
