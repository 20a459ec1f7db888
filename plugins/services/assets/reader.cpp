#include "reader.h"

#include <algorithm>

namespace drawbridge {
namespace {

constexpr std::uint64_t whole_limit = 256 * 1024;
constexpr std::uint64_t chunks_at_once = 32;
constexpr std::size_t inline_limit = 8 * 1024;

/// Exactly these bytes of a blob into all of `out`, which outlives the task.
Task<> fill_exactly(Blobs& blobs, std::string asset, std::uint64_t offset, MutableBytes out) {
  std::size_t used = 0;
  while (used < out.size()) {
    const MutableBytes rest = out.subspan(used);
    const std::size_t got = co_await blobs.read(asset, offset + used, rest);
    if (got == 0) throw Error(Code::cannot_open, "the envelope does not open");
    used += got;
  }
}

Task<Bytes> read_exactly(Blobs& blobs, std::string asset, std::uint64_t offset, std::size_t size) {
  Bytes out(size);
  co_await fill_exactly(blobs, std::move(asset), offset, out);
  co_return out;
}

}  // namespace

Task<EnvelopeReader> EnvelopeReader::open(Host& host, const CipherSuite& suite, Blobs& blobs, std::string asset,
                                          const Secret& data_key) {
  const auto stat = co_await blobs.stat(asset);
  if (!stat) throw Error(Code::not_found, "the envelope of " + asset + " is not here");
  const std::size_t head =
      std::min<std::uint64_t>(stat->size, stat->size <= whole_limit ? whole_limit : EnvelopeOpener::max_header_bytes);
  Bytes first_bytes = co_await read_exactly(blobs, asset, 0, head);
  EnvelopeOpener opener(suite, data_key, first_bytes, stat->size);
  EnvelopeReader reader(host, blobs, std::move(asset), std::move(opener),
                        head == stat->size ? std::move(first_bytes) : Bytes{});
  const ChunkExtent first = reader.opener_.chunk(0);
  const ChunkExtent last = reader.opener_.chunk(reader.opener_.chunk_count() - 1);
  const Bytes sealed_first = co_await reader.sealed_bytes(first.offset, first.size);
  const Bytes sealed_last = co_await reader.sealed_bytes(last.offset, last.size);
  reader.opener_.begin(sealed_first, sealed_last);
  co_return reader;
}

Task<std::size_t> EnvelopeReader::read(std::uint64_t offset, MutableBytes out) {
  const std::uint64_t size = opener_.content_size();
  if (offset >= size || out.empty()) co_return 0;
  const std::size_t wanted = std::min<std::uint64_t>(out.size(), size - offset);
  std::size_t done = 0;
  while (done < wanted) {
    const std::uint64_t first = opener_.chunk_of(offset + done);
    const std::uint64_t last = std::min(opener_.chunk_of(offset + wanted - 1), first + chunks_at_once - 1);
    done += co_await read_chunks(first, last, offset + done, out.subspan(done, wanted - done));
  }
  co_return done;
}

Task<std::size_t> EnvelopeReader::read_chunks(std::uint64_t first, std::uint64_t last, std::uint64_t offset,
                                              MutableBytes out) {
  const ChunkExtent begin = opener_.chunk(first);
  const ChunkExtent end = opener_.chunk(last);
  const std::size_t size = end.offset + end.size - begin.offset;
  BytesView sealed;
  if (whole_.empty()) {
    sealed_.resize(size);  // kept from step to step: fresh memory of this size costs as much as opening it
    co_await fill_exactly(*blobs_, asset_, begin.offset, sealed_);
    sealed = sealed_;
  } else {
    sealed = BytesView(whole_).subspan(begin.offset, size);
  }
  Bytes& plain = plain_;
  plain.clear();
  const auto work = [&] {
    plain.reserve(sealed.size());
    for (std::uint64_t index = first; index <= last; ++index) {
      const ChunkExtent extent = opener_.chunk(index);
      opener_.open(index, sealed.subspan(extent.offset - begin.offset, extent.size), plain);
    }
  };
  if (sealed.size() <= inline_limit) {
    work();
  } else {
    co_await host_->blocking(work);
  }
  const std::size_t skip = offset - opener_.content_offset(first);
  const std::size_t count = std::min(out.size(), plain.size() - skip);
  std::copy_n(plain.begin() + static_cast<std::ptrdiff_t>(skip), count, out.begin());
  wipe(plain);
  co_return count;
}

Task<PortableChunk> EnvelopeReader::chunk(std::uint64_t index) {
  if (index >= opener_.chunk_count()) {
    throw Error(Code::invalid, "there is no chunk " + std::to_string(index) + ", the envelope has " +
                                   std::to_string(opener_.chunk_count()));
  }
  PortableChunk out;
  out.index = index;
  out.count = opener_.chunk_count();
  out.key = opener_.portable_key(index);
  if (out.key.empty()) throw Error(Code::unsupported, "chunks of this suite are of no portable format");
  const ChunkExtent extent = opener_.chunk(index);
  out.sealed = co_await sealed_bytes(extent.offset, extent.size);
  co_return out;
}

Task<Bytes> EnvelopeReader::sealed_bytes(std::uint64_t offset, std::size_t size) {
  if (whole_.empty()) co_return co_await read_exactly(*blobs_, asset_, offset, size);
  co_return to_bytes(BytesView(whole_).subspan(offset, size));
}

}  // namespace drawbridge
