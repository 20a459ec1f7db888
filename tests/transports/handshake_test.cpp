// Everybody who must not get in, and that the node goes on.
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/write.hpp>

#include "drawbridge/hash.h"
#include "raw_peer.h"

namespace drawbridge::transport_test {
namespace {

using asio::ip::tcp;
using Key = std::unique_ptr<EVP_PKEY, tls::Free>;
using Certificate = std::unique_ptr<X509, tls::Free>;

Key ed25519_key(const Ed25519Key& key) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.seed.bytes().data(), key.seed.size()));
}

Certificate certify(EVP_PKEY* subject, EVP_PKEY* signer, const EVP_MD* digest) {
  Certificate out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 3600);
  X509_set_pubkey(out.get(), subject);
  EXPECT_GT(X509_sign(out.get(), signer, digest), 0);
  return out;
}

/// A client of the OpenSSL library that dials a node; the test sets up its context.
class Client {
 public:
  Client() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  }
  SSL_CTX* context() const { return context_.get(); }
  void use(X509* certificate, EVP_PKEY* key) {
    ASSERT_EQ(SSL_CTX_use_certificate(context(), certificate), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context(), key), 1);
  }

  /// Whether the node sent anything of its own protocol.
  bool gets_in(const TestNode& node) {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), port_of(node.address)});
    const std::unique_ptr<SSL, tls::Free> ssl(SSL_new(context()));
    SSL_set_fd(ssl.get(), static_cast<int>(socket.native_handle()));
    ERR_clear_error();
    if (SSL_connect(ssl.get()) != 1) return false;
    char byte = 0;
    return SSL_read(ssl.get(), &byte, 1) == 1;
  }

 private:
  std::unique_ptr<SSL_CTX, tls::Free> context_;
};

class TlsHandshake : public testing::Test {
 protected:
  void SetUp() override {
    introduce_both(alice_, bob_);
    serve_echo(bob_);
    bob_.node->wait(bob_.identity->add_peer(raw_.card()));
  }
  /// Bob still serves those who may.
  void TearDown() override {
    EXPECT_EQ(alice_.ask(bob_), "hello");
    RawPeer fine("raw");
    fine.join(bob_);
  }
  Ed25519Key raw_key() const {
    const Digest seed = sha256(view("raw"));
    return ed25519_from_seed(Secret::copy_of(BytesView(seed)));
  }

  TestNode alice_ = make_tls("alice");
  TestNode bob_ = make_tls("bob", "    handshake_timeout: 300ms\n    max_connections: 8\n");
  RawPeer raw_{"raw"};
};

TEST_F(TlsHandshake, KnownKeyInAPlainOpensslClientGetsIn) {
  const Key key = ed25519_key(raw_key());
  Client client;
  client.use(certify(key.get(), key.get(), nullptr).get(), key.get());
  EXPECT_TRUE(client.gets_in(bob_));  // so that the refusals below are refusals
}

TEST_F(TlsHandshake, NoCertificate) {
  Client client;
  EXPECT_FALSE(client.gets_in(bob_));
}

TEST_F(TlsHandshake, OlderTls) {
  const Key key = ed25519_key(raw_key());
  Client client;
  client.use(certify(key.get(), key.get(), nullptr).get(), key.get());
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  EXPECT_FALSE(client.gets_in(bob_));
}

TEST_F(TlsHandshake, CertificateOfAnotherKind) {
  const Key key(EVP_EC_gen("P-256"));
  Client client;
  client.use(certify(key.get(), key.get(), EVP_sha256()).get(), key.get());
  EXPECT_FALSE(client.gets_in(bob_));
}

TEST_F(TlsHandshake, CertificateThatAnotherKeySigned) {
  const Key key = ed25519_key(raw_key());
  const Key other = ed25519_key(ed25519_generate(system_random()));
  Client client;
  client.use(certify(key.get(), other.get(), nullptr).get(), key.get());
  EXPECT_FALSE(client.gets_in(bob_));
}

TEST_F(TlsHandshake, TwoCertificates) {
  const Key key = ed25519_key(raw_key());
  const Certificate certificate = certify(key.get(), key.get(), nullptr);
  Client client;
  client.use(certificate.get(), key.get());
  ASSERT_EQ(SSL_CTX_add1_chain_cert(client.context(), certificate.get()), 1);
  EXPECT_FALSE(client.gets_in(bob_));
}

TEST_F(TlsHandshake, UnknownKey) {
  RawPeer stranger("stranger");
  EXPECT_THROW(stranger.join(bob_), Error);
}

/// What the node answers to these bytes before it closes.
Bytes answer_to(const TestNode& node, std::string_view bytes) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), port_of(node.address)});
  boost::system::error_code ec;
  asio::write(socket, asio::buffer(bytes), ec);
  Bytes out(64 * 1024);
  std::size_t have = 0;
  while (!ec && have < out.size()) have += socket.read_some(asio::buffer(out.data() + have, out.size() - have), ec);
  out.resize(have);
  return out;
}

TEST_F(TlsHandshake, PlainText) {
  const Bytes answer = answer_to(bob_, "GET / HTTP/1.1\r\nHost: bob\r\n\r\n");
  EXPECT_EQ(to_text(answer).find("HTTP"), std::string::npos);
  answer_to(bob_, std::string(100'000, '\0'));
  answer_to(bob_, std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x'));
}

TEST_F(TlsHandshake, SilenceIsClosedAfterTheTimeout) {
  answer_to(bob_, "");              // returns only because bob closes
  answer_to(bob_, "\x16\x03\x01");  // half a record
}

TEST_F(TlsHandshake, SilenceAfterTlsIsClosedToo) {
  RawPeer raw("raw");
  raw.connect(bob_);
  raw.expect_closed();
}

TEST_F(TlsHandshake, ConnectionsAreBounded) {
  asio::io_context io;
  std::vector<tcp::socket> idle;
  for (int i = 0; i < 40; ++i) {
    idle.emplace_back(io);
    idle.back().connect({asio::ip::make_address("127.0.0.1"), port_of(bob_.address)});
  }
  // Those beyond eight are closed at once, the others after the handshake's time: then there is room again.
  for (tcp::socket& socket : idle) {
    boost::system::error_code ec;
    std::array<char, 1> byte;
    socket.read_some(asio::buffer(byte), ec);
    EXPECT_TRUE(ec);
  }
  EXPECT_TRUE(eventually([&] {
    RawPeer raw("raw");
    try {
      raw.join(bob_);
      return true;
    } catch (const Error&) {
      return false;
    }
  }));
}

}  // namespace
}  // namespace drawbridge::transport_test
