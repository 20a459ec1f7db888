#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "drawbridge/ed25519.h"

namespace drawbridge::tls {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

/// What the OpenSSL error queue of this thread says, without repeating itself; empties it.
std::string last_openssl_error();

/// What every connection of a node shares: its certificate, made from the node key, and the rules of
/// docs/formats/transport.md. Immutable, so thread-safe.
class Context {
 public:
  /// Throws Error{invalid} when OpenSSL does not have one of the groups.
  Context(const Ed25519Key& key, const std::vector<std::string>& groups);
  SSL_CTX* get() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace drawbridge::tls
