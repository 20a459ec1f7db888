#pragma once

#include <memory>
#include <string>

#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/host.h"

namespace drawbridge {

/// A stored envelope opened with its data key: any range of its content. Used by one task at a time; the references
/// must outlive it.
class EnvelopeReader {
 public:
  /// Opens the first and the last chunk. Throws not_found (no such blob), cannot_open.
  static Task<EnvelopeReader> open(Host& host, const CipherSuite& suite, Blobs& blobs, std::string asset,
                                   const Secret& data_key);

  const ContentInfo& info() const { return opener_.info(); }
  std::uint64_t content_size() const { return opener_.content_size(); }

  /// Content from `offset` into `out`; less than asked only at the end.
  Task<std::size_t> read(std::uint64_t offset, MutableBytes out);

  Task<PortableChunk> chunk(std::uint64_t index);

 private:
  EnvelopeReader(Host& host, Blobs& blobs, std::string asset, EnvelopeOpener opener, Bytes whole)
      : host_(&host), blobs_(&blobs), asset_(std::move(asset)), opener_(std::move(opener)), whole_(std::move(whole)) {}

  Task<Bytes> sealed_bytes(std::uint64_t offset, std::size_t size);
  Task<std::size_t> read_chunks(std::uint64_t first, std::uint64_t last, std::uint64_t offset, MutableBytes out);

  Host* host_;
  Blobs* blobs_;
  std::string asset_;
  EnvelopeOpener opener_;
  Bytes whole_;   // the envelope itself, when it is small
  Bytes sealed_;  // of the step that is being read
  Bytes plain_;   // wiped when it was copied out
};

}  // namespace drawbridge
