#include "rsa.h"

#include <cryptopp/algparam.h>
#include <cryptopp/filters.h>
#include <cryptopp/oaep.h>
#include <cryptopp/pssr.h>
#include <cryptopp/sha.h>

#include "drawbridge/error.h"
#include "random_generator.h"

namespace drawbridge::fernet {
namespace {

using CryptoPP::Integer;
using Oaep = CryptoPP::RSAES<CryptoPP::OAEP<CryptoPP::SHA256>>;
using Pss = CryptoPP::RSASS<CryptoPP::PSS, CryptoPP::SHA256>;

template <class Key>
Secret to_der(const Key& key) {
  // Room for any key, so that no copy of a private one is left behind by a growing buffer.
  Secret room(max_private_key_bytes);
  CryptoPP::ArraySink sink(room.writable().data(), room.size());
  key.DEREncode(sink);
  if (sink.TotalPutLength() > room.size()) throw Error(Code::internal, "rsa: an encoded key is too long");
  return Secret::copy_of(room.bytes().first(static_cast<std::size_t>(sink.TotalPutLength())));
}

template <class Key>
Key from_der(BytesView der, const char* what) {
  try {
    CryptoPP::ArraySource source(der.data(), der.size(), true);
    Key key;
    key.BERDecode(source);
    // BER has many forms of one key; only the one of DER is taken, with nothing behind it.
    const bool fine = key.GetModulus().BitCount() == rsa_bits && key.GetModulus().IsOdd() &&
                      key.GetPublicExponent() == Integer(rsa_exponent) && to_der(key).equals(der);
    if (fine) return key;
  } catch (const CryptoPP::Exception&) {
    // said below
  }
  throw Error(Code::invalid, std::string("not ") + what + " of the fernet suite");
}

/// RFC 8017 §5: a representative has exactly the modulus's length and is below it.
bool is_representative(const Integer& modulus, BytesView bytes) {
  return bytes.size() == modulus.ByteCount() && Integer(bytes.data(), bytes.size()) < modulus;
}

auto label_parameter(BytesView label) {
  return CryptoPP::MakeParameters(CryptoPP::Name::EncodingParameters(),
                                  CryptoPP::ConstByteArrayParameter(label.data(), label.size()));
}

}  // namespace

KeyPair generate_rsa_keys(Random& random) {
  RandomGenerator generator(random);
  CryptoPP::RSA::PrivateKey key;
  key.Initialize(generator, rsa_bits, Integer(rsa_exponent));
  return {to_bytes(to_der(CryptoPP::RSA::PublicKey(key)).bytes()), to_der(key)};
}

CryptoPP::RSA::PublicKey parse_public_key(BytesView der) {
  constexpr const char* what = "a public key";
  if (der.size() != public_key_bytes) throw Error(Code::invalid, std::string("not ") + what + " of the fernet suite");
  return from_der<CryptoPP::RSA::PublicKey>(der, what);
}

CryptoPP::RSA::PrivateKey parse_private_key(const Secret& der, Random& random) {
  constexpr const char* what = "a private key";
  const Error refusal(Code::invalid, std::string("not ") + what + " of the fernet suite");
  if (der.empty() || der.size() > max_private_key_bytes) throw refusal;
  auto key = from_der<CryptoPP::RSA::PrivateKey>(der.bytes(), what);
  RandomGenerator generator(random);
  // Level 1: that the parts agree with each other. Whether the primes are prime was settled when they were made.
  if (!key.Validate(generator, 1)) throw refusal;
  return key;
}

Bytes oaep_encrypt(const CryptoPP::RSA::PublicKey& key, BytesView label, BytesView message, Random& random) {
  const Oaep::Encryptor encryptor(key);
  if (message.size() > encryptor.FixedMaxPlaintextLength())
    throw Error(Code::too_large, "rsa: the message is too long");
  RandomGenerator generator(random);
  Bytes out(encryptor.FixedCiphertextLength());
  encryptor.Encrypt(generator, message.data(), message.size(), out.data(), label_parameter(label));
  return out;
}

std::optional<Secret> oaep_decrypt(const CryptoPP::RSA::PrivateKey& key, BytesView label, BytesView ciphertext,
                                   Random& random) {
  if (!is_representative(key.GetModulus(), ciphertext)) return std::nullopt;
  const Oaep::Decryptor decryptor(key);
  RandomGenerator generator(random);  // blinds the operation
  Secret room(decryptor.FixedMaxPlaintextLength());
  try {
    const auto result = decryptor.Decrypt(generator, ciphertext.data(), ciphertext.size(), room.writable().data(),
                                          label_parameter(label));
    if (!result.isValidCoding) return std::nullopt;
    return Secret::copy_of(room.bytes().first(result.messageLength));
  } catch (const CryptoPP::Exception&) {
    return std::nullopt;  // the check of the result against the public key
  }
}

Bytes pss_sign(const CryptoPP::RSA::PrivateKey& key, BytesView message, Random& random) {
  const Pss::Signer signer(key);
  RandomGenerator generator(random);
  Bytes signature(signer.SignatureLength());
  signer.SignMessage(generator, message.data(), message.size(), signature.data());
  return signature;
}

bool pss_verify(const CryptoPP::RSA::PublicKey& key, BytesView message, BytesView signature) {
  if (!is_representative(key.GetModulus(), signature)) return false;
  const Pss::Verifier verifier(key);
  try {
    return verifier.VerifyMessage(message.data(), message.size(), signature.data(), signature.size());
  } catch (const CryptoPP::Exception&) {
    return false;
  }
}

}  // namespace drawbridge::fernet
