#include "session.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "drawbridge/error.h"

namespace drawbridge::tls {
namespace {

// RFC 8446 §5.5 allows about 2^24.5 full records for AES-GCM, some 380 GB.
constexpr std::uint64_t key_lifetime_bytes = 32_GiB;

}  // namespace

// OpenSSL's way to the buffers.
struct Bio {
  static int read(BIO* bio, char* out, std::size_t size, std::size_t* got) {
    auto* session = static_cast<Session*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *got = std::min(size, session->end_ - session->begin_);
    if (*got == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(out, session->input_.get() + session->begin_, *got);
    session->begin_ += *got;
    return 1;
  }
  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* done) {
    auto* session = static_cast<Session*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    append(session->output_, std::string_view(data, size));
    *done = size;
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "drawbridge buffers");
      BIO_meth_set_read_ex(m, &read);
      BIO_meth_set_write_ex(m, &write);
      BIO_meth_set_ctrl(m, &control);
      BIO_meth_set_create(m, &create);
      return m;
    }();
    return made;
  }
};

Session::Session(const Context& context, bool server, Judge judge)
    : judge_(std::move(judge)), ssl_(SSL_new(context.get())), input_(new std::uint8_t[input_capacity]) {
  BIO* bio = BIO_new(Bio::method());
  if (!ssl_ || bio == nullptr) throw Error(Code::internal, "tls: " + last_openssl_error());
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the bio over
  SSL_set_app_data(ssl_.get(), this);
  if (server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

Session::~Session() = default;

MutableBytes Session::input_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  return {input_.get() + end_, input_capacity - end_};
}

void Session::input_filled(std::size_t count) {
  end_ += count;
}

bool Session::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
  if (!refusal_.empty()) throw Error(Code::forbidden, refusal_);
  fail("tls handshake");
}

std::size_t Session::read(MutableBytes out) {
  if (out.empty()) return 0;
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &got);
  if (result == 1) return got;
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ) return 0;
  if (why == SSL_ERROR_ZERO_RETURN) throw Error(Code::unavailable, "the peer closed the connection");
  fail("tls");
}

void Session::write(BytesView plain) {
  if (plain.empty()) return;
  if (written_with_key_ > key_lifetime_bytes) {
    if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) fail("tls key update");
    written_with_key_ = 0;
  }
  written_with_key_ += plain.size();
  ERR_clear_error();
  std::size_t done = 0;
  const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &done);
  if (result != 1 || done != plain.size()) fail("tls write");
}

void Session::close() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void Session::fail(const char* what) {
  throw Error(Code::unavailable, std::string(what) + ": " + last_openssl_error());
}

std::string Session::describe() const {
  SSL* ssl = ssl_.get();
  std::string out = SSL_get_version(ssl);
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* group_name = SSL_group_to_name(ssl, group);
  out += ", " + std::string(group_name != nullptr ? group_name : "unknown group");
  return out + ", " + SSL_get_cipher_name(ssl);
}

int Session::verify(X509_STORE_CTX* store, void*) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* session = static_cast<Session*>(SSL_get_app_data(ssl));
  try {
    session->refusal_ = session->judge_certificates(store);
  } catch (const std::exception& error) {  // must not pass through OpenSSL
    session->refusal_ = error.what();
  }
  if (session->refusal_.empty()) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

std::string Session::judge_certificates(X509_STORE_CTX* store) const {
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_untrusted(store);
  if (chain == nullptr || sk_X509_num(chain) != 1) return "it did not send exactly one certificate";
  X509* certificate = sk_X509_value(chain, 0);
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) return "its certificate has no ed25519 key";
  if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) != 0 ||
      X509_verify(certificate, key) != 1) {
    ERR_clear_error();
    return "its certificate is not signed by its own key";
  }
  Bytes raw(32);
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != raw.size()) return "its key is unreadable";
  return judge_(raw);
}

}  // namespace drawbridge::tls
