#include "drawbridge/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "drawbridge/error.h"

namespace drawbridge {

Digest sha256(BytesView data) {
  Digest digest;
  SHA256(data.data(), data.size(), digest.data());
  return digest;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
    throw Error(Code::internal, "sha-256 is not available");
  }
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(BytesView data) {
  EVP_DigestUpdate(state_->context, data.data(), data.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  return digest;
}

}  // namespace drawbridge
