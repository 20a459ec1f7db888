#include "reader.h"

#include <algorithm>

#include "drawbridge/task_group.h"

namespace drawbridge {
namespace {

constexpr std::uint64_t whole_limit = 256 * 1024;
// Of one visit to the blocking pool: long enough to be worth it, short enough to bound the memory.
constexpr std::size_t least_step = 256 * 1024;
constexpr std::size_t longest_step = 1024 * 1024;
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

/// All of its memory, also what an earlier and longer content has left behind the present one.
void wipe_all(Bytes& plain) {
  plain.resize(plain.capacity());
  wipe(plain);
  plain.clear();
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
  out = out.first(std::min<std::uint64_t>(out.size(), size - offset));
  const std::size_t kept = take_kept(offset, out);
  if (kept < out.size()) {
    const std::uint64_t first = opener_.chunk_of(offset + kept);
    const std::uint64_t last = opener_.chunk_of(offset + out.size() - 1);
    const Wanted wanted{offset + kept, out.subspan(kept), first, last, step_for(first, last)};
    co_await open_in_lanes(wanted);
  }
  co_return out.size();
}

/// The front of `out` from the chunk in which the last read ended. Returns how much that was.
std::size_t EnvelopeReader::take_kept(std::uint64_t offset, MutableBytes out) const {
  if (offset < kept_offset_ || offset - kept_offset_ >= kept_.size()) return 0;
  const BytesView rest = kept_.bytes().subspan(offset - kept_offset_);
  const std::size_t count = std::min(out.size(), rest.size());
  std::copy_n(rest.begin(), count, out.begin());
  return count;
}

/// How many chunks a step has, so that the lanes have about the same to do.
std::uint64_t EnvelopeReader::step_for(std::uint64_t first, std::uint64_t last) const {
  const std::size_t sealed = opener_.chunk(first).size;
  const std::uint64_t least = std::max<std::uint64_t>(1, least_step / sealed);
  const std::uint64_t most = std::max<std::uint64_t>(1, longest_step / sealed);
  return std::clamp((last - first) / lanes + 1, least, most);
}

/// Steps are dealt to the lanes in turn. A lane that fails ends alone, and the others come to their end before this
/// does.
Task<> EnvelopeReader::open_in_lanes(Wanted wanted) {
  static_assert(lanes == 4);
  const std::uint64_t steps = (wanted.last - wanted.first) / wanted.step + 1;
  if (steps == 1) {
    co_await open_in_lane(0, wanted);
  } else if (steps == 2) {
    co_await together(open_in_lane(0, wanted), open_in_lane(1, wanted));
  } else {
    co_await together(together(open_in_lane(0, wanted), open_in_lane(1, wanted)),
                      together(open_in_lane(2, wanted), open_in_lane(3, wanted)));
  }
}

Task<> EnvelopeReader::open_in_lane(std::size_t lane, Wanted wanted) {
  for (std::uint64_t first = wanted.first + lane * wanted.step; first <= wanted.last; first += lanes * wanted.step) {
    co_await open_step(lanes_[lane], first, std::min(wanted.last, first + wanted.step - 1), wanted);
  }
}

Task<> EnvelopeReader::open_step(Lane& lane, std::uint64_t first, std::uint64_t last, Wanted wanted) {
  const ChunkExtent begin = opener_.chunk(first);
  const ChunkExtent end = opener_.chunk(last);
  const std::size_t size = end.offset + end.size - begin.offset;
  BytesView sealed;
  if (whole_.empty()) {
    lane.sealed.resize(size);
    co_await fill_exactly(*blobs_, asset_, begin.offset, lane.sealed);
    sealed = lane.sealed;
  } else {
    sealed = BytesView(whole_).subspan(begin.offset, size);
  }
  const auto work = [&] {
    struct Wipe {
      ~Wipe() { wipe_all(plain); }
      Bytes& plain;
    } wipe_at_end{lane.plain};
    for (std::uint64_t index = first; index <= last; ++index) {
      const ChunkExtent extent = opener_.chunk(index);
      open_chunk(index, sealed.subspan(extent.offset - begin.offset, extent.size), lane.plain, wanted);
    }
  };
  if (sealed.size() <= inline_limit) {
    work();
  } else {
    co_await host_->blocking(work);
  }
}

/// Hands out what is wanted of a chunk, once all of it is authenticated. By way of `plain`, which is small enough to
/// stay in the processor's cache.
void EnvelopeReader::open_chunk(std::uint64_t index, BytesView sealed, Bytes& plain, const Wanted& wanted) {
  plain.clear();
  opener_.open(index, sealed, plain);
  const std::uint64_t begins = opener_.content_offset(index);
  const std::size_t skip = wanted.offset > begins ? wanted.offset - begins : 0;
  const std::size_t at = wanted.offset > begins ? 0 : begins - wanted.offset;
  const BytesView rest = BytesView(plain).subspan(skip);
  const std::size_t count = std::min(wanted.out.size() - at, rest.size());
  std::copy_n(rest.begin(), count, wanted.out.subspan(at).begin());
  if (count == rest.size()) return;
  // Only the last chunk that is wanted goes on behind it: one lane at most comes here.
  kept_ = Secret::copy_of(plain);
  kept_offset_ = begins;
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
  if (out.key.empty()) {
    throw Error(Code::unsupported, "chunks of this suite are of no portable format", "open the whole asset instead");
  }
  const ChunkExtent extent = opener_.chunk(index);
  out.sealed = co_await sealed_bytes(extent.offset, extent.size);
  co_return out;
}

Task<Bytes> EnvelopeReader::sealed_bytes(std::uint64_t offset, std::size_t size) {
  if (whole_.empty()) co_return co_await read_exactly(*blobs_, asset_, offset, size);
  co_return to_bytes(BytesView(whole_).subspan(offset, size));
}

}  // namespace drawbridge
