#include <charconv>

#include "chunks.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/host.h"
#include "drawbridge/plugin.h"
#include "fernet_token.h"
#include "hmac.h"
#include "rsa.h"

namespace drawbridge {
namespace {

constexpr std::uint32_t default_iterations = 600'000;  // OWASP Password Storage Cheat Sheet
constexpr std::uint32_t min_iterations = 480'000;
constexpr std::uint32_t max_iterations = 10'000'000;
constexpr std::string_view derivation_prefix = "pbkdf2-hmac-sha256:";
constexpr std::size_t min_salt_bytes = 16;
constexpr std::size_t max_salt_bytes = 64;
constexpr std::uint64_t max_small_bytes = 16_MiB;

/// Nothing of Crypto++'s exceptions leaves this plugin.
template <class Work>
auto guarded(const char* what, Work work) {
  try {
    return work();
  } catch (const CryptoPP::Exception& error) {
    throw Error(Code::internal, std::string(what) + ": " + error.what());
  }
}

class Sha256Hasher final : public Hasher {
 public:
  void update(BytesView data) override { hash_.Update(data.data(), data.size()); }
  Bytes finish() override {
    Bytes digest(CryptoPP::SHA256::DIGESTSIZE);
    hash_.Final(digest.data());
    return digest;
  }

 private:
  CryptoPP::SHA256 hash_;
};

Secret small_key(const Secret& key, BytesView context) {
  return fernet::hkdf(key.bytes(), sha256(context), view("drawbridge.fernet/1 small"), fernet::key_bytes);
}

std::uint32_t parse_iterations(std::string_view parameters) {
  std::uint32_t iterations = 0;
  const std::string_view digits =
      parameters.starts_with(derivation_prefix) ? parameters.substr(derivation_prefix.size()) : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), iterations);
  if (error == std::errc::result_out_of_range) iterations = max_iterations + 1;
  if (digits.empty() || digits.front() == '0' || end != digits.data() + digits.size() ||
      error == std::errc::invalid_argument) {
    throw Error(Code::invalid,
                "unknown password derivation; the fernet suite has pbkdf2-hmac-sha256 with a count of iterations");
  }
  if (iterations < min_iterations) {
    throw Error(Code::invalid, "password derivation is too weak: " + std::to_string(iterations) +
                                   " iterations, at least " + std::to_string(min_iterations) + " are needed");
  }
  if (iterations > max_iterations) {
    throw Error(Code::invalid,
                "password derivation is absurdly costly: more than " + std::to_string(max_iterations) + " iterations");
  }
  return iterations;
}

class FernetSuite final : public CipherSuite {
 public:
  Task<> start(Host& host) override {
    host_ = &host;
    co_return;
  }

  std::string_view suite() const override { return "fernet"; }
  std::vector<Algorithm> algorithms() const override;
  std::string_view address_prefix() const override { return "sha256"; }
  std::unique_ptr<Hasher> hasher() const override { return std::make_unique<Sha256Hasher>(); }

  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& data_key, BytesView header) const override {
    return fernet::make_chunk_cipher(data_key, header, random(), host_->clock());
  }

  Bytes seal_small(const Secret& key, BytesView context, BytesView plain) const override;
  Secret open_small(const Secret& key, BytesView context, BytesView sealed) const override;

  KeyPair generate_encryption_keys() const override { return generate_keys(); }
  Bytes wrap(BytesView public_key, BytesView context, const Secret& data_key) const override;
  Secret unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const override;

  KeyPair generate_signature_keys() const override { return generate_keys(); }
  Bytes sign(const Secret& private_key, BytesView message) const override;
  bool verify(BytesView public_key, BytesView message, BytesView signature) const override;

  std::string password_parameters() const override {
    return std::string(derivation_prefix) + std::to_string(default_iterations);
  }
  Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const override;

 private:
  Random& random() const { return host_->random(); }
  KeyPair generate_keys() const {
    return guarded("generating an rsa key", [&] { return fernet::generate_rsa_keys(random()); });
  }

  Host* host_ = nullptr;
};

std::vector<Algorithm> FernetSuite::algorithms() const {
  return {{"address", "SHA-256", "FIPS 180-4"},
          {"payload", "Fernet (AES-128-CBC, HMAC-SHA256)", "github.com/fernet/spec"},
          {"payload keys", "HKDF-SHA256", "RFC 5869"},
          {"small secrets", "Fernet under a key by HKDF-SHA256", "github.com/fernet/spec, RFC 5869"},
          {"key encapsulation", "RSA-3072 OAEP, SHA-256, MGF1-SHA256", "RFC 8017 §7.1"},
          {"signature", "RSA-3072 PSS, SHA-256, MGF1-SHA256, salt 32", "RFC 8017 §8.1"},
          {"password", "PBKDF2-HMAC-SHA256, " + std::to_string(default_iterations) + " iterations", "RFC 8018 §5.2"}};
}

Bytes FernetSuite::seal_small(const Secret& key, BytesView context, BytesView plain) const {
  if (key.size() != data_key_bytes) throw Error(Code::invalid, "a key has 32 bytes");
  if (plain.size() > max_small_bytes) throw Error(Code::too_large, "a small secret has at most 16 MiB");
  return guarded("sealing", [&] {
    Bytes out;
    const Bytes iv = random().bytes(16);
    fernet::seal_token(small_key(key, context).bytes(), host_->clock().now(), iv, plain, out);
    return out;
  });
}

Secret FernetSuite::open_small(const Secret& key, BytesView context, BytesView sealed) const {
  return guarded("opening", [&] {
    Bytes plain;
    if (key.size() != data_key_bytes || sealed.size() > fernet::token_size(max_small_bytes) ||
        !fernet::open_token(small_key(key, context).bytes(), sealed, std::nullopt, plain)) {
      throw Error(Code::cannot_open, "this secret does not open");
    }
    return Secret(std::move(plain));
  });
}

Bytes FernetSuite::wrap(BytesView public_key, BytesView context, const Secret& data_key) const {
  if (data_key.size() != data_key_bytes) throw Error(Code::invalid, "a data key has 32 bytes");
  return guarded("wrapping a key", [&] {
    return fernet::oaep_encrypt(fernet::parse_public_key(public_key), sha256(context), data_key.bytes(), random());
  });
}

Secret FernetSuite::unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const {
  const auto open = [&]() -> std::optional<Secret> {
    try {
      return fernet::oaep_decrypt(fernet::parse_private_key(private_key, random()), sha256(context), wrapped, random());
    } catch (const Error& error) {
      if (error.code() != Code::invalid) throw;
      return std::nullopt;
    }
  };
  auto data_key = guarded("unwrapping a key", open);
  if (!data_key || data_key->size() != data_key_bytes) throw Error(Code::cannot_open, "this wrapped key does not open");
  return std::move(*data_key);
}

Bytes FernetSuite::sign(const Secret& private_key, BytesView message) const {
  return guarded("signing",
                 [&] { return fernet::pss_sign(fernet::parse_private_key(private_key, random()), message, random()); });
}

bool FernetSuite::verify(BytesView public_key, BytesView message, BytesView signature) const {
  try {
    return fernet::pss_verify(fernet::parse_public_key(public_key), message, signature);
  } catch (const CryptoPP::Exception&) {
    return false;
  } catch (const Error&) {
    return false;
  }
}

Secret FernetSuite::derive(const Secret& password, BytesView salt, std::string_view parameters) const {
  const std::uint32_t iterations = parse_iterations(parameters);
  if (salt.size() < min_salt_bytes || salt.size() > max_salt_bytes) {
    throw Error(Code::invalid, "the salt of a password has 16 to 64 bytes");
  }
  return guarded("deriving a key", [&] { return fernet::pbkdf2(password.bytes(), salt, iterations, data_key_bytes); });
}

}  // namespace

DRAWBRIDGE_PLUGIN(FernetSuite, "cipher.fernet", "0.1.0",
                  "The fernet suite on Crypto++: Fernet, SHA-256, RSA-3072, PBKDF2; its chunks open elsewhere too.")

}  // namespace drawbridge
