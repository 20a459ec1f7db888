#include "drawbridge/ed25519.h"

#include <openssl/evp.h>

#include <memory>

#include "drawbridge/error.h"

namespace drawbridge {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t signature_bytes = 64;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

Key private_key(const Secret& seed) {
  if (seed.size() != key_bytes) throw Error(Code::invalid, "an ed25519 seed has 32 bytes");
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes().data(), seed.size()));
  if (!key) throw Error(Code::internal, "ed25519 is not available");
  return key;
}

}  // namespace

Ed25519Key ed25519_generate(Random& random) {
  return ed25519_from_seed(random.secret(key_bytes));
}

Ed25519Key ed25519_from_seed(const Secret& seed) {
  const Key key = private_key(seed);
  Ed25519Key out{Bytes(key_bytes), seed.clone()};
  std::size_t size = key_bytes;
  if (EVP_PKEY_get_raw_public_key(key.get(), out.public_key.data(), &size) != 1 || size != key_bytes) {
    throw Error(Code::internal, "ed25519: no public key");
  }
  return out;
}

Bytes ed25519_sign(const Secret& seed, BytesView message) {
  const Key key = private_key(seed);
  const Context context(EVP_MD_CTX_new());
  Bytes signature(signature_bytes);
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1 ||
      size != signature_bytes) {
    throw Error(Code::internal, "ed25519: signing failed");
  }
  return signature;
}

bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature) {
  if (public_key.size() != key_bytes || signature.size() != signature_bytes) return false;
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()));
  const Context context(EVP_MD_CTX_new());
  return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace drawbridge
