#pragma once

#include <memory>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/random.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// What an envelope says of its content, inside the sealed part. Either may be empty; each at most 1 024 bytes of
/// UTF-8.
struct ContentInfo {
  std::string name;
  std::string type;
  friend bool operator==(const ContentInfo&, const ContentInfo&) = default;
};

/// `drawbridge.envelope/1`, see docs/formats/envelope.md. Sealing is a push stream: feed content, take sealed bytes.
///
///     EnvelopeSealer sealer(suite, key, random, {"scan.dcm", "application/dicom"});
///     Bytes out;                       // begins with the header
///     sealer.update(part, out);        // as often as there is content
///     sealer.finish(out);              // once: an envelope without it does not open
///
/// Memory is one chunk. Not thread-safe, and it computes: call it on the blocking pool.
class DRAWBRIDGE_API EnvelopeSealer {
 public:
  static constexpr std::uint32_t default_chunk_bytes = 65536;

  /// Throws Error{invalid} for content info that is too long or no UTF-8.
  EnvelopeSealer(const CipherSuite& suite, const Secret& data_key, Random& random, const ContentInfo& info,
                 std::uint32_t chunk_bytes = default_chunk_bytes);
  ~EnvelopeSealer();

  void update(BytesView content, Bytes& out);
  void finish(Bytes& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Where a chunk lies in the envelope.
struct ChunkExtent {
  std::uint64_t offset = 0;
  std::size_t size = 0;
};

/// Opens any chunk of an envelope in any order. The caller fetches the bytes:
///
///     EnvelopeOpener opener(suite, key, first_bytes, envelope_size);
///     for each of first_chunks(): opener.begin(...)            // see `begin`
///     opener.content_size(), opener.info()
///     Bytes plain;
///     opener.open(i, sealed_bytes_of(opener.chunk(i)), plain);   // content bytes of chunk i
///
/// Nothing is handed out before its chunk is authenticated. After `begin`, const methods are thread-safe.
class DRAWBRIDGE_API EnvelopeOpener {
 public:
  /// Enough of an envelope's beginning to hold any header.
  static constexpr std::size_t max_header_bytes = 4096;
  /// The suite that a header names, without a key. Throws Error{cannot_open} if it is no envelope.
  static std::string suite_of(BytesView first_bytes);

  /// `first_bytes`: the first `max_header_bytes`, or the whole envelope if it is shorter. Throws Error{cannot_open}.
  EnvelopeOpener(const CipherSuite& suite, const Secret& data_key, BytesView first_bytes, std::uint64_t envelope_size);
  ~EnvelopeOpener();
  EnvelopeOpener(EnvelopeOpener&&) noexcept;

  std::uint64_t chunk_count() const;
  ChunkExtent chunk(std::uint64_t index) const;

  /// Opens the first and the last chunk (the same one in a small envelope), given their sealed bytes: from then on the
  /// content's info and exact size are known, and that nothing was cut off. Throws Error{cannot_open}.
  void begin(BytesView sealed_first, BytesView sealed_last);

  const ContentInfo& info() const;
  std::uint64_t content_size() const;

  /// The chunk that holds a content byte, and where in the content each chunk starts.
  std::uint64_t chunk_of(std::uint64_t content_offset) const;
  std::uint64_t content_offset(std::uint64_t index) const;

  /// Appends the content bytes of a chunk to `out`. Throws Error{cannot_open} with `out` unchanged.
  void open(std::uint64_t index, BytesView sealed, Bytes& out) const;

  /// See ChunkCipher::portable_key.
  Secret portable_key(std::uint64_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge
