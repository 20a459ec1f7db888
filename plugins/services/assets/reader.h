#pragma once

#include <array>
#include <memory>
#include <string>

#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/host.h"

namespace drawbridge {

/// A stored envelope opened with its data key: any range of its content. A long range is opened in steps, several of
/// them at once on the blocking pool. Memory is a step for each, and one chunk. Used by one task at a time; the
/// references must outlive it.
class EnvelopeReader {
 public:
  /// Opens the first and the last chunk. Throws not_found (no such blob), cannot_open.
  static Task<EnvelopeReader> open(Host& host, const CipherSuite& suite, Blobs& blobs, std::string asset,
                                   const Secret& data_key);

  const ContentInfo& info() const { return opener_.info(); }
  std::uint64_t content_size() const { return opener_.content_size(); }

  /// Content from `offset` into `out`; less than asked only at the end. When it throws, parts of `out` may be content:
  /// nothing comes there before its chunk is authenticated.
  Task<std::size_t> read(std::uint64_t offset, MutableBytes out);

  Task<PortableChunk> chunk(std::uint64_t index);

 private:
  static constexpr std::size_t lanes = 4;

  /// Where one step after the other is opened; its memory is kept from step to step, for fresh memory costs as much as
  /// opening it.
  struct Lane {
    Bytes sealed;
    Bytes plain;  // of one chunk; wiped after each step
  };

  /// What one `read` wants: content, and the chunks that have it.
  struct Wanted {
    std::uint64_t offset;
    MutableBytes out;
    std::uint64_t first;
    std::uint64_t last;
    std::uint64_t step;
  };

  EnvelopeReader(Host& host, Blobs& blobs, std::string asset, EnvelopeOpener opener, Bytes whole)
      : host_(&host), blobs_(&blobs), asset_(std::move(asset)), opener_(std::move(opener)), whole_(std::move(whole)) {}

  Task<Bytes> sealed_bytes(std::uint64_t offset, std::size_t size);
  std::size_t take_kept(std::uint64_t offset, MutableBytes out) const;
  std::uint64_t step_for(std::uint64_t first, std::uint64_t last) const;
  Task<> open_in_lanes(Wanted wanted);
  Task<> open_in_lane(std::size_t lane, Wanted wanted);
  Task<> open_step(Lane& lane, std::uint64_t first, std::uint64_t last, Wanted wanted);
  void open_chunk(std::uint64_t index, BytesView sealed, Bytes& plain, const Wanted& wanted);

  Host* host_;
  Blobs* blobs_;
  std::string asset_;
  EnvelopeOpener opener_;
  Bytes whole_;  // the envelope itself, when it is small
  std::array<Lane, lanes> lanes_;
  std::uint64_t kept_offset_ = 0;  // of the chunk in which the last read ended: where it begins in the content,
  Secret kept_;                    // and its content, since the next read goes on there
};

}  // namespace drawbridge
