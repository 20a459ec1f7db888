// The primitives of cipher.fernet against the files of Project Wycheproof that apply.
#include <cryptopp/filters.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "aes_cbc.h"
#include "drawbridge/error.h"
#include "hmac.h"
#include "rsa.h"
#include "vectors.h"

namespace drawbridge {
namespace {

using boost::json::value;
using support::hex_of;
using support::text_of;

/// Runs `check(group, test)` for each case and counts those that applied.
void run_file(const std::string& name,
              const std::function<bool(const value& group, const value& test, bool valid)>& check) {
  const std::string file = "wycheproof/" + name;
  const auto vectors = support::read_vectors(file);
  if (!vectors) return;
  std::size_t cases = 0;
  for (const auto& group : vectors->at("testGroups").as_array()) {
    for (const auto& test : group.at("tests").as_array()) {
      SCOPED_TRACE(name + " " + std::to_string(test.at("tcId").as_int64()) + " " + text_of(test, "comment"));
      if (check(group, test, text_of(test, "result") == "valid")) ++cases;
    }
  }
  support::count_vectors(file, cases);
}

TEST(Wycheproof, AesCbc) {
  run_file("aes_cbc_pkcs5_test.json", [](const value& group, const value& test, bool valid) {
    if (group.at("keySize").as_int64() != 128) return false;
    const Bytes key = hex_of(test, "key");
    const Bytes iv = hex_of(test, "iv");
    const Bytes message = hex_of(test, "msg");
    const Bytes ciphertext = hex_of(test, "ct");
    Bytes opened = ciphertext;
    const auto size = fernet::cbc_decrypt(key, iv, opened);
    EXPECT_EQ(size.has_value(), valid);
    if (!valid || !size) return true;
    opened.resize(*size);
    EXPECT_EQ(opened, message);
    Bytes sealed = message;
    sealed.resize(fernet::padded_size(message.size()));
    fernet::cbc_encrypt(key, iv, sealed, message.size());
    EXPECT_EQ(sealed, ciphertext);
    return true;
  });
}

TEST(Wycheproof, HmacSha256) {
  run_file("hmac_sha256_test.json", [](const value&, const value& test, bool valid) {
    fernet::HmacSha256 mac(hex_of(test, "key"));
    const Digest tag = mac.update(BytesView(hex_of(test, "msg"))).finish();
    const Bytes expected = hex_of(test, "tag");
    EXPECT_EQ(std::equal(expected.begin(), expected.end(), tag.begin()), valid);
    return true;
  });
}

TEST(Wycheproof, HkdfSha256) {
  run_file("hkdf_sha256_test.json", [](const value&, const value& test, bool valid) {
    const auto size = static_cast<std::size_t>(test.at("size").as_int64());
    const auto derive = [&] {
      return fernet::hkdf(hex_of(test, "ikm"), hex_of(test, "salt"), hex_of(test, "info"), size);
    };
    if (valid) {
      EXPECT_TRUE(derive().equals(hex_of(test, "okm")));
    } else {
      EXPECT_THROW(derive(), Error);
    }
    return true;
  });
}

TEST(Wycheproof, Pbkdf2) {
  run_file("pbkdf2_hmacsha256_test.json", [](const value&, const value& test, bool valid) {
    const auto iterations = static_cast<std::uint32_t>(test.at("iterationCount").as_int64());
    const auto size = static_cast<std::size_t>(test.at("dkLen").as_int64());
    const Secret key = fernet::pbkdf2(hex_of(test, "password"), hex_of(test, "salt"), iterations, size);
    EXPECT_EQ(key.equals(hex_of(test, "dk")), valid);
    return true;
  });
}

TEST(Wycheproof, RsaOaep) {
  run_file("rsa_oaep_2048_sha256_mgf1sha256_test.json", [](const value& group, const value& test, bool valid) {
    const Bytes der = hex_of(group, "privateKeyPkcs8");
    EXPECT_THROW(fernet::parse_private_key(Secret::copy_of(der), system_random()), Error) << "2048 bits are refused";
    CryptoPP::RSA::PrivateKey key;
    CryptoPP::ArraySource source(der.data(), der.size(), true);
    key.BERDecode(source);
    const auto opened = fernet::oaep_decrypt(key, hex_of(test, "label"), hex_of(test, "ct"), system_random());
    EXPECT_EQ(opened.has_value(), valid);
    if (valid && opened) {
      EXPECT_TRUE(opened->equals(hex_of(test, "msg")));
    }
    return true;
  });
}

TEST(Wycheproof, RsaPss) {
  run_file("rsa_pss_3072_sha256_mgf1_32_test.json", [](const value& group, const value& test, bool valid) {
    const Bytes modulus = hex_of(group.at("publicKey"), "modulus");
    const Bytes exponent = hex_of(group.at("publicKey"), "publicExponent");
    CryptoPP::RSA::PublicKey key;
    key.Initialize(CryptoPP::Integer(modulus.data(), modulus.size()),
                   CryptoPP::Integer(exponent.data(), exponent.size()));
    EXPECT_EQ(fernet::pss_verify(key, hex_of(test, "msg"), hex_of(test, "sig")), valid);
    return true;
  });
}

}  // namespace
}  // namespace drawbridge
