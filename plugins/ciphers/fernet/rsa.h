#pragma once

#include <cryptopp/rsa.h>

#include <optional>

#include "drawbridge/bytes.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/random.h"

namespace drawbridge::fernet {

/// RSA of the `fernet` suite: keys of exactly 3 072 bits with the exponent 65 537, see docs/formats/wrapped-key.md.
/// The operations on parsed keys take any size, so that published vectors can be run. All functions are thread-safe.

inline constexpr unsigned int rsa_bits = 3072;
inline constexpr unsigned int rsa_exponent = 65537;
inline constexpr std::size_t public_key_bytes = 422;
inline constexpr std::size_t max_private_key_bytes = 2048;

/// A public key as SubjectPublicKeyInfo, a private one as PKCS #8, both in DER.
KeyPair generate_rsa_keys(Random& random);

/// Throw Error{invalid} for anything but a key of this suite in its one encoding.
CryptoPP::RSA::PublicKey parse_public_key(BytesView der);
CryptoPP::RSA::PrivateKey parse_private_key(const Secret& der, Random& random);

/// RSAES-OAEP with SHA-256 and MGF1-SHA-256 (RFC 8017 §7.1). `decrypt` returns nothing, whatever the reason.
Bytes oaep_encrypt(const CryptoPP::RSA::PublicKey& key, BytesView label, BytesView message, Random& random);
std::optional<Secret> oaep_decrypt(const CryptoPP::RSA::PrivateKey& key, BytesView label, BytesView ciphertext,
                                   Random& random);

/// RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017 §8.1).
Bytes pss_sign(const CryptoPP::RSA::PrivateKey& key, BytesView message, Random& random);
bool pss_verify(const CryptoPP::RSA::PublicKey& key, BytesView message, BytesView signature);

}  // namespace drawbridge::fernet
