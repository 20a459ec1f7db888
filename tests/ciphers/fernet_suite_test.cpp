// The conformance suites on cipher.fernet, and what only this suite promises.
#include <gtest/gtest.h>

#include "drawbridge/envelope.h"
#include "drawbridge/testkit/cipher_suite.h"
#include "fernet_token.h"
#include "rsa.h"
#include "support/suite.h"

namespace drawbridge {
namespace {

std::unique_ptr<kernel::Node> fernet_node() {
  return support::start_node("node: {name: test}\nciphers:\n  suite: {plugin: cipher.fernet}\n");
}

std::unique_ptr<kernel::Node> isolated_fernet_node() {
  return support::start_node("node: {name: test}\nciphers:\n  suite: {plugin: cipher.fernet, isolate: process}\n");
}

const bool registered = [] {
  support::register_suite<CipherSuite>("FernetCipherSuite", testkit::cipher_suite_suite(), fernet_node, "suite");
  support::register_suite<CipherSuite>("FernetEnvelope", testkit::envelope_suite(), fernet_node, "suite");
  support::register_suite<CipherSuite>("IsolatedFernetCipherSuite", testkit::cipher_suite_suite(), isolated_fernet_node,
                                       "suite");
  support::register_suite<CipherSuite>("IsolatedFernetEnvelope", testkit::envelope_suite(), isolated_fernet_node,
                                       "suite");
  return true;
}();

class FernetSuite : public testing::Test {
 protected:
  std::unique_ptr<kernel::Node> node_ = fernet_node();
  std::shared_ptr<CipherSuite> suite_ = node_->find<CipherSuite>("suite");
};

Code code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::internal;
}

TEST_F(FernetSuite, NamesItself) {
  ASSERT_TRUE(registered);
  EXPECT_EQ(suite_->suite(), "fernet");
  EXPECT_EQ(suite_->address_prefix(), "sha256");
  EXPECT_EQ(suite_->password_parameters(), "pbkdf2-hmac-sha256:600000");
}

TEST_F(FernetSuite, PasswordDerivationIsBounded) {
  const Secret password = Secret::copy_of("password");
  const Bytes salt(16, 7);
  const auto derive = [&](const std::string& iterations, BytesView with) {
    return suite_->derive(password, with, "pbkdf2-hmac-sha256:" + iterations);
  };
  EXPECT_EQ(derive("480000", salt).size(), 32u);
  for (const char* refused : {"479999", "1", "10000001", "4294967296", "600000x", "0600000", "6e5", "+600000"}) {
    EXPECT_EQ(code_of([&] { derive(refused, salt); }), Code::invalid) << refused;
  }
  EXPECT_EQ(code_of([&] { derive("600000", Bytes(15)); }), Code::invalid);
  EXPECT_EQ(code_of([&] { derive("600000", Bytes(65)); }), Code::invalid);
}

TEST_F(FernetSuite, PasswordDerivationSaysWhy) {
  const auto message_of = [&](const std::string& parameters) -> std::string {
    try {
      suite_->derive(Secret::copy_of("password"), Bytes(16), parameters);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_NE(message_of("pbkdf2-hmac-sha256:479999").find("too weak"), std::string::npos);
  EXPECT_NE(message_of("pbkdf2-hmac-sha256:10000001").find("absurdly costly"), std::string::npos);
  EXPECT_NE(message_of("pbkdf2-hmac-sha256:99999999999999").find("absurdly costly"), std::string::npos);
  EXPECT_NE(message_of("argon2id:3").find("unknown"), std::string::npos);
}

TEST_F(FernetSuite, RsaKeysHaveOneSizeAndOneEncoding) {
  const KeyPair keys = suite_->generate_encryption_keys();
  EXPECT_EQ(keys.public_key.size(), 422u);
  const Secret data_key(Bytes(32, 1));
  EXPECT_EQ(suite_->wrap(keys.public_key, {}, data_key).size(), 384u);

  const auto refused = [&](Bytes key) {
    EXPECT_EQ(code_of([&] { suite_->wrap(key, {}, data_key); }), Code::invalid);
    EXPECT_FALSE(suite_->verify(key, {}, Bytes(384)));
  };
  constexpr std::size_t modulus_offset = 33;
  Bytes small_modulus = keys.public_key;
  small_modulus[modulus_offset] &= 0x7f;
  refused(small_modulus);
  Bytes even_modulus = keys.public_key;
  even_modulus[modulus_offset + 383] &= 0xfe;
  refused(even_modulus);
  Bytes other_exponent = keys.public_key;
  other_exponent.back() = 3;
  refused(other_exponent);
  for (std::size_t i = 0; i < modulus_offset; ++i) {
    Bytes other_form = keys.public_key;
    other_form[i] ^= 1;
    refused(other_form);
  }
}

TEST_F(FernetSuite, PrivateKeysMustAgreeWithThemselves) {
  const KeyPair keys = suite_->generate_signature_keys();
  const Bytes message = to_bytes("message");
  // A changed bit in the modulus, an exponent, a prime or a coefficient must not lead to a signature made with a broken
  // key.
  for (std::size_t i = 40; i < keys.private_key.size(); i += 97) {
    Bytes changed = to_bytes(keys.private_key.bytes());
    changed[i] ^= 4;
    const Secret broken(std::move(changed));
    EXPECT_EQ(code_of([&] { suite_->sign(broken, message); }), Code::invalid) << i;
  }
}

TEST_F(FernetSuite, SignaturesHaveOneForm) {
  KeyPair keys;
  CryptoPP::Integer modulus;
  // The same signature as a number beyond the modulus, where that fits: for most keys one signature in a few.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (attempt % 100 == 0) {
      keys = suite_->generate_signature_keys();
      modulus = fernet::parse_public_key(keys.public_key).GetModulus();
    }
    Bytes signature = suite_->sign(keys.private_key, view("message"));
    ASSERT_TRUE(suite_->verify(keys.public_key, view("message"), signature));
    const CryptoPP::Integer other = CryptoPP::Integer(signature.data(), signature.size()) + modulus;
    if (other.BitCount() > 3072) continue;
    other.Encode(signature.data(), signature.size());
    EXPECT_FALSE(suite_->verify(keys.public_key, view("message"), signature));
    return;
  }
  FAIL() << "no signature is small enough";
}

TEST_F(FernetSuite, ChunksAreRawTokensUnderPortableKeys) {
  const Secret data_key(Bytes(32, 9));
  const auto cipher = suite_->chunk_cipher(data_key, view("header"));
  Bytes sealed;
  cipher->seal(5, true, view("content"), sealed);
  EXPECT_EQ(sealed[0], 0x80);
  const Secret key = cipher->portable_key(5, true);
  const auto opened = fernet::open_text_token(key.text(), to_base64url(sealed), std::nullopt);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text(), "content");
}

TEST_F(FernetSuite, OneChunkOfContentIsOnePlainToken) {
  const Secret data_key(Bytes(32, 9));
  EnvelopeSealer sealer(*suite_, data_key, system_random(), {"n", "t"});
  Bytes envelope;
  sealer.update(view("small content"), envelope);
  sealer.finish(envelope);
  EnvelopeOpener opener(*suite_, data_key, envelope, envelope.size());
  ASSERT_EQ(opener.chunk_count(), 1u);
  const ChunkExtent extent = opener.chunk(0);
  const BytesView token = BytesView(envelope).subspan(extent.offset, extent.size);
  const auto opened = fernet::open_text_token(opener.portable_key(0).text(), to_base64url(token), std::nullopt);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->text().ends_with("small content"));
}

}  // namespace
}  // namespace drawbridge
