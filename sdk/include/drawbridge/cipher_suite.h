#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/component.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// A running hash for content addresses. Not thread-safe.
class DRAWBRIDGE_API Hasher {
 public:
  virtual ~Hasher();
  virtual void update(BytesView data) = 0;
  /// The digest; called once, last.
  virtual Bytes finish() = 0;
};

/// Seals and opens the chunks of one envelope under one data key: the STREAM construction. A chunk opens only at its
/// own index, with its own last-chunk flag, under its own envelope header. Stateless after construction, so that chunks
/// can be sealed and opened in any order and on several threads.
class DRAWBRIDGE_API ChunkCipher {
 public:
  virtual ~ChunkCipher();

  /// The exact size of the sealed form of `plain_size` bytes.
  virtual std::size_t sealed_size(std::size_t plain_size) const = 0;

  /// Appends the sealed chunk to `out`.
  virtual void seal(std::uint64_t index, bool last, BytesView plain, Bytes& out) const = 0;

  /// Appends the plaintext to `out` and returns true; or returns false, for whatever reason, with `out` unchanged.
  virtual bool open(std::uint64_t index, bool last, BytesView sealed, Bytes& out) const = 0;

  /// The chunk's own key in the notation of the suite's token format, for a reader with another implementation of
  /// that format. Empty where chunks are of no format that others know.
  virtual Secret portable_key(std::uint64_t index, bool last) const;
};

struct KeyPair {
  Bytes public_key;
  Secret private_key;
};

/// One algorithm of a suite, for `drawbridge describe`: {"payload", "Fernet (AES-128-CBC, HMAC-SHA256)",
/// "github.com/fernet/spec"}.
struct Algorithm {
  std::string purpose;
  std::string name;
  std::string standard;
};

/// A named set of algorithms that go together; nothing is left to choose. Every stored and sent format names its suite,
/// and keys of one suite are of no use in another.
///
/// Everything here computes and never waits; bulk work and password derivation belong on `Host::blocking`.
/// All methods are const and thread-safe after `start`. Lengths and encodings of foreign input are checked before
/// any cryptography. Whatever fails to open or to verify says only that.
class DRAWBRIDGE_API CipherSuite : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "CipherSuite";
  static constexpr std::size_t data_key_bytes = 32;

  ~CipherSuite() override;

  /// As it is stored: "fernet". Never changes for a given set of algorithms.
  virtual std::string_view suite() const = 0;
  virtual std::vector<Algorithm> algorithms() const = 0;

  /// The content address of envelopes is `address_prefix() + ":" + hex(hash)`.
  virtual std::string_view address_prefix() const = 0;
  virtual std::unique_ptr<Hasher> hasher() const = 0;

  /// `data_key` has `data_key_bytes`; `header` is the encoded envelope header, which becomes part of every chunk's key.
  virtual std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& data_key, BytesView header) const = 0;

  /// A small secret sealed under a symmetric key of 32 bytes, bound to a context that the opener must repeat.
  /// `open_small` throws Error{cannot_open}.
  virtual Bytes seal_small(const Secret& key, BytesView context, BytesView plain) const = 0;
  virtual Secret open_small(const Secret& key, BytesView context, BytesView sealed) const = 0;

  /// Key encapsulation: a data key for the holder of a private key, bound to a context (asset, grantee, policy).
  /// `wrap` throws Error{invalid} for a public key that is none of this suite; `unwrap` throws Error{cannot_open}.
  virtual KeyPair generate_encryption_keys() const = 0;
  virtual Bytes wrap(BytesView public_key, BytesView context, const Secret& data_key) const = 0;
  virtual Secret unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const = 0;

  /// Signatures. `verify` is false for every malformed input.
  virtual KeyPair generate_signature_keys() const = 0;
  virtual Bytes sign(const Secret& private_key, BytesView message) const = 0;
  virtual bool verify(BytesView public_key, BytesView message, BytesView signature) const = 0;

  /// Password derivation. `password_parameters` is what a new key file stores ("pbkdf2-hmac-sha256:600000"); `derive`
  /// gives a key of 32 bytes and throws Error{invalid} for parameters that it does not know, that are too weak or
  /// absurdly costly.
  virtual std::string password_parameters() const = 0;
  virtual Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const = 0;
};

}  // namespace drawbridge
