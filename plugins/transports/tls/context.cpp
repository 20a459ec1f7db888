#include "context.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "drawbridge/error.h"
#include "session.h"

namespace drawbridge::tls {
namespace {

void demand(bool holds, const char* what) {
  if (!holds) throw Error(Code::internal, std::string(what) + ": " + last_openssl_error());
}

// RFC 8410. The dates are the widest that X.509 has (RFC 5280 §4.1.2.5): nobody looks at them.
std::unique_ptr<X509, Free> make_certificate(EVP_PKEY* key) {
  std::unique_ptr<X509, Free> certificate(X509_new());
  X509* x = certificate.get();
  demand(x != nullptr, "certificate");
  X509_NAME* name = X509_get_subject_name(x);
  const auto* common_name = reinterpret_cast<const unsigned char*>("drawbridge node");
  demand(X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
             ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "19700101000000Z") == 1 &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
             X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1,
         "certificate");
  demand(X509_sign(x, key, nullptr) > 0, "certificate");
  return certificate;
}

}  // namespace

std::string last_openssl_error() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) out = reason;
  }
  return out.empty() ? "unknown error" : out;
}

Context::Context(const Ed25519Key& key, const std::vector<std::string>& groups) : context_(SSL_CTX_new(TLS_method())) {
  SSL_CTX* ctx = context_.get();
  demand(ctx != nullptr, "tls");
  demand(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
             SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1,
         "tls 1.3");

  const std::unique_ptr<EVP_PKEY, Free> own(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.seed.bytes().data(), key.seed.size()));
  demand(own != nullptr, "node key");
  const auto certificate = make_certificate(own.get());
  demand(SSL_CTX_use_certificate(ctx, certificate.get()) == 1 && SSL_CTX_use_PrivateKey(ctx, own.get()) == 1,
         "certificate");
  demand(SSL_CTX_set1_sigalgs_list(ctx, "ed25519") == 1 && SSL_CTX_set1_client_sigalgs_list(ctx, "ed25519") == 1,
         "ed25519 signatures");

  std::string list;
  for (const std::string& group : groups) list += (list.empty() ? "" : ":") + group;
  if (SSL_CTX_set1_groups_list(ctx, list.c_str()) != 1) {
    last_openssl_error();
    throw Error(Code::invalid, "groups '" + list + "': this OpenSSL does not have all of them", "use X25519");
  }

  // No resumption and no tickets: each connection proves both keys.
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(ctx, 4096);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, &Session::verify, nullptr);
}

}  // namespace drawbridge::tls
