#include "drawbridge/envelope.h"

#include <algorithm>

#include "cipher_suite_support.h"
#include "drawbridge/cbor.h"

namespace drawbridge::testkit {
namespace {

constexpr std::uint32_t chunk_bytes = 1024;
const ContentInfo plain_info{"scan.dcm", "application/dicom"};

/// The size of what stands before the content: a length and a map of two texts below 24 bytes.
std::size_t prefix_bytes(const ContentInfo& info) {
  return 4 + encode(CborMap{{"name", info.name}, {"type", info.type}}).size();
}

Bytes seal(const CipherSuite& suite, BytesView content, std::size_t step, const ContentInfo& info = plain_info) {
  EnvelopeSealer sealer(suite, test_key(1), system_random(), info, chunk_bytes);
  Bytes out;
  for (std::size_t done = 0; done < content.size(); done += step) {
    sealer.update(content.subspan(done, std::min(step, content.size() - done)), out);
  }
  sealer.finish(out);
  return out;
}

EnvelopeOpener opener_of(const CipherSuite& suite, BytesView envelope, const Secret& key) {
  const std::size_t first = std::min(envelope.size(), EnvelopeOpener::max_header_bytes);
  return {suite, key, envelope.first(first), envelope.size()};
}

BytesView extent_of(BytesView envelope, const ChunkExtent& extent) {
  DRAWBRIDGE_CHECK(extent.offset <= envelope.size() && extent.size <= envelope.size() - extent.offset);
  return envelope.subspan(static_cast<std::size_t>(extent.offset), extent.size);
}

EnvelopeOpener begin(const CipherSuite& suite, BytesView envelope, const Secret& key) {
  EnvelopeOpener opener = opener_of(suite, envelope, key);
  opener.begin(extent_of(envelope, opener.chunk(0)), extent_of(envelope, opener.chunk(opener.chunk_count() - 1)));
  return opener;
}

/// Opens all of it, as a reader would.
Bytes open_all(const CipherSuite& suite, BytesView envelope, const Secret& key = test_key(1)) {
  const EnvelopeOpener opener = begin(suite, envelope, key);
  Bytes content;
  for (std::uint64_t i = 0; i < opener.chunk_count(); ++i) {
    DRAWBRIDGE_CHECK(opener.content_offset(i) == content.size());
    opener.open(i, extent_of(envelope, opener.chunk(i)), content);
  }
  DRAWBRIDGE_CHECK(content.size() == opener.content_size());
  return content;
}

void refused(const CipherSuite& suite, BytesView envelope, SourceLocation where = SourceLocation::current()) {
  check_throws_now(
      Code::cannot_open, [&] { open_all(suite, envelope); }, where);
}

void round_trip_around_chunk_edges(CipherSuite& suite) {
  const std::size_t room = chunk_bytes - prefix_bytes(plain_info);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, room - 1, room, room + 1, room + chunk_bytes - 1, room + chunk_bytes,
        room + chunk_bytes + 1, room + 5 * chunk_bytes, std::size_t{100'000}}) {
    const Bytes content = pattern(size);
    for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, std::size_t{chunk_bytes}, std::size_t{1 << 20}}) {
      const Bytes envelope = seal(suite, content, step);
      check(open_all(suite, envelope) == content, "content of " + std::to_string(size) + " bytes comes back");
      const std::size_t count = (size + prefix_bytes(plain_info) + chunk_bytes - 1) / chunk_bytes;
      DRAWBRIDGE_CHECK(opener_of(suite, envelope, test_key(1)).chunk_count() == count);
    }
  }
}

void information_comes_back(CipherSuite& suite) {
  for (const ContentInfo& info :
       {ContentInfo{}, plain_info, ContentInfo{"größe.txt", ""}, ContentInfo{std::string(900, 'n'), "t"}}) {
    const Bytes envelope = seal(suite, pattern(3000), 3000, info);
    const EnvelopeOpener opener = begin(suite, envelope, test_key(1));
    DRAWBRIDGE_CHECK(opener.info() == info && opener.content_size() == 3000);
    DRAWBRIDGE_CHECK(EnvelopeOpener::suite_of(envelope) == suite.suite());
    const auto found = std::search(envelope.begin(), envelope.end(), plain_info.name.begin(), plain_info.name.end());
    check(found == envelope.end(), "the name is not in the clear");
  }
}

void information_is_bounded(CipherSuite& suite) {
  const auto sealer = [&](ContentInfo info, std::uint32_t chunk) {
    EnvelopeSealer(suite, test_key(1), system_random(), info, chunk);
  };
  sealer({std::string(1024, 'n'), std::string(1024, 't')}, 65536);
  check_throws_now(Code::invalid, [&] { sealer({std::string(1025, 'n'), ""}, 65536); });
  check_throws_now(Code::invalid, [&] { sealer({"", std::string(1025, 't')}, 65536); });
  check_throws_now(Code::invalid, [&] { sealer({"\xff", ""}, 65536); });
  check_throws_now(Code::invalid, [&] { sealer({std::string(1024, 'n'), ""}, chunk_bytes); });
  for (const std::uint32_t chunk : {0u, 1023u, (16u << 20) + 1, ~0u}) {
    check_throws_now(Code::invalid, [&] { sealer({}, chunk); });
  }
}

void chunks_open_in_any_order(CipherSuite& suite) {
  const Bytes content = pattern(10 * chunk_bytes);
  const Bytes envelope = seal(suite, content, content.size());
  const EnvelopeOpener opener = begin(suite, envelope, test_key(1));
  for (std::uint64_t i = opener.chunk_count(); i-- > 0;) {
    Bytes part = to_bytes("before");
    opener.open(i, extent_of(envelope, opener.chunk(i)), part);
    const auto at = static_cast<std::ptrdiff_t>(opener.content_offset(i));
    DRAWBRIDGE_CHECK(text_view(BytesView(part).first(6)) == "before");
    DRAWBRIDGE_CHECK(std::equal(part.begin() + 6, part.end(), content.begin() + at));
  }
  for (std::uint64_t offset = 0; offset < content.size(); offset += 11) {
    const std::uint64_t index = opener.chunk_of(offset);
    DRAWBRIDGE_CHECK(opener.content_offset(index) <= offset);
    DRAWBRIDGE_CHECK(index + 1 == opener.chunk_count() || offset < opener.content_offset(index + 1));
  }
  check_throws_now(Code::invalid, [&] { opener.chunk(opener.chunk_count()); });
}

void every_flipped_bit_is_refused(CipherSuite& suite) {
  Bytes envelope = seal(suite, pattern(40), 40);
  for (std::size_t bit = 0; bit < envelope.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    envelope[bit / 8] ^= mask;
    refused(suite, envelope);
    envelope[bit / 8] ^= mask;
  }
  DRAWBRIDGE_CHECK(open_all(suite, envelope) == pattern(40));
}

void flipped_bits_in_every_chunk_are_refused(CipherSuite& suite) {
  Bytes envelope = seal(suite, pattern(5000), 5000);
  for (std::size_t byte = 0; byte < envelope.size(); byte += 13) {
    envelope[byte] ^= 1;
    refused(suite, envelope);
    envelope[byte] ^= 1;
  }
}

void every_truncation_is_refused(CipherSuite& suite) {
  const Bytes envelope = seal(suite, pattern(2 * chunk_bytes), 2 * chunk_bytes);
  for (std::size_t size = 0; size < envelope.size(); ++size) refused(suite, BytesView(envelope).first(size));
}

void unfinished_is_refused(CipherSuite& suite) {
  EnvelopeSealer sealer(suite, test_key(1), system_random(), plain_info, chunk_bytes);
  Bytes out;
  sealer.update(pattern(5 * chunk_bytes), out);
  refused(suite, out);
}

void extension_is_refused(CipherSuite& suite) {
  const Bytes envelope = seal(suite, pattern(2000), 2000);
  for (const std::size_t more : {1, 16, 57, 73, 1024, 5000}) {
    Bytes longer = envelope;
    longer.resize(envelope.size() + more);
    refused(suite, longer);
  }
  Bytes twice = envelope;
  append(twice, envelope);
  refused(suite, twice);
}

/// An envelope cut into its header and its chunks.
std::vector<Bytes> parts_of(const CipherSuite& suite, BytesView envelope) {
  const EnvelopeOpener opener = opener_of(suite, envelope, test_key(1));
  std::vector<Bytes> parts{to_bytes(envelope.first(static_cast<std::size_t>(opener.chunk(0).offset)))};
  for (std::uint64_t i = 0; i < opener.chunk_count(); ++i) {
    parts.push_back(to_bytes(extent_of(envelope, opener.chunk(i))));
  }
  return parts;
}
Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

void moved_chunks_are_refused(CipherSuite& suite) {
  const std::vector<Bytes> parts = parts_of(suite, seal(suite, pattern(5 * chunk_bytes), 5 * chunk_bytes));
  DRAWBRIDGE_CHECK(parts.size() == 7);
  for (std::size_t a = 1; a < parts.size(); ++a) {
    for (std::size_t b = a + 1; b < parts.size(); ++b) {
      auto swapped = parts;
      std::swap(swapped[a], swapped[b]);
      refused(suite, joined(swapped));
    }
    auto dropped = parts;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(a));
    refused(suite, joined(dropped));
    auto doubled = parts;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(a), parts[a]);
    refused(suite, joined(doubled));
  }
}

void parts_of_two_envelopes_do_not_mix(CipherSuite& suite) {
  const std::vector<Bytes> one = parts_of(suite, seal(suite, pattern(3000), 3000));
  const std::vector<Bytes> two = parts_of(suite, seal(suite, pattern(3000), 3000));
  DRAWBRIDGE_CHECK(one.size() == two.size() && one[0] != two[0]);
  for (std::size_t i = 0; i < one.size(); ++i) {
    auto mixed = one;
    mixed[i] = two[i];
    refused(suite, joined(mixed));
  }
}

void other_keys_open_nothing(CipherSuite& suite) {
  const Bytes envelope = seal(suite, pattern(3000), 3000);
  check_throws_now(Code::cannot_open, [&] { open_all(suite, envelope, test_key(2)); });
}

void claimed_sizes_are_checked(CipherSuite& suite) {
  const Bytes envelope = seal(suite, pattern(3000), 3000);
  const auto open_with = [&](std::uint64_t size) {
    return EnvelopeOpener(suite, test_key(1), BytesView(envelope), size);
  };
  check_throws_now(Code::cannot_open, [&] { open_with(0); });
  check_throws_now(Code::cannot_open, [&] { open_with(envelope.size() - 1); });
  // The largest size there is neither overflows nor allocates, and the true bytes do not open under it.
  EnvelopeOpener huge = open_with(~std::uint64_t{0});
  const ChunkExtent last = huge.chunk(huge.chunk_count() - 1);
  DRAWBRIDGE_CHECK(last.offset + last.size == ~std::uint64_t{0});
  const BytesView first = extent_of(envelope, huge.chunk(0));
  check_throws_now(Code::cannot_open, [&] { huge.begin(first, first); });
  check_throws_now(Code::cannot_open, [&] { huge.begin(first, {}); });
  check_throws_now(Code::internal, [&] { huge.content_size(); });
}

/// A header as it should not be.
Bytes header_of(const Cbor& map) {
  Bytes out = to_bytes("drawbridge.envelope/1\n");
  const Bytes encoded = encode(map);
  append_u32be(out, static_cast<std::uint32_t>(encoded.size()));
  append(out, encoded);
  return out;
}

Bytes stream_of(const Cbor& info, std::size_t content) {
  const Bytes encoded = encode(info);
  Bytes out;
  append_u32be(out, static_cast<std::uint32_t>(encoded.size()));
  append(out, encoded);
  append(out, pattern(content));
  return out;
}

void malformed_headers_are_refused(CipherSuite& suite) {
  const std::string name(suite.suite());
  const Bytes id(16);
  const std::vector<Cbor> bad = {
      Cbor(CborMap{}),
      Cbor(CborArray{}),
      Cbor("text"),
      Cbor(CborMap{{"suite", name}, {"chunk", 1024}}),
      Cbor(CborMap{{"suite", name}, {"chunk", 1024}, {"id", id}, {"more", 1}}),
      Cbor(CborMap{{"suite", name}, {"chunk", 1023}, {"id", id}}),
      Cbor(CborMap{{"suite", name}, {"chunk", (16 << 20) + 1}, {"id", id}}),
      Cbor(CborMap{{"suite", name}, {"chunk", -1}, {"id", id}}),
      Cbor(CborMap{{"suite", name}, {"chunk", "1024"}, {"id", id}}),
      Cbor(CborMap{{"suite", name}, {"chunk", 1024}, {"id", Bytes(15)}}),
      Cbor(CborMap{{"suite", name}, {"chunk", 1024}, {"id", Bytes(17)}}),
      Cbor(CborMap{{"suite", "other"}, {"chunk", 1024}, {"id", id}}),
      Cbor(CborMap{{"suite", ""}, {"chunk", 1024}, {"id", id}}),
      Cbor(CborMap{{"suite", std::string(33, 'a')}, {"chunk", 1024}, {"id", id}}),
  };
  // Their chunks are authentic, so that it is the header alone that is refused.
  const auto with_header = [&](const Cbor& map) {
    Bytes envelope = header_of(map);
    const Bytes stream = stream_of(CborMap{{"name", "n"}, {"type", "t"}}, 10);
    suite.chunk_cipher(test_key(1), envelope)->seal(0, true, stream, envelope);
    return envelope;
  };
  const Bytes good = with_header(CborMap{{"suite", name}, {"chunk", 1024}, {"id", id}});
  DRAWBRIDGE_CHECK(open_all(suite, good) == pattern(10));
  for (const Cbor& map : bad) refused(suite, with_header(map));
  Bytes long_header = to_bytes("drawbridge.envelope/1\n");
  append_u32be(long_header, ~std::uint32_t{0});
  refused(suite, long_header);
  check_throws_now(Code::cannot_open, [&] { EnvelopeOpener::suite_of(long_header); });
  check_throws_now(Code::cannot_open, [&] { EnvelopeOpener::suite_of({}); });
  check_throws_now(Code::cannot_open, [&] { EnvelopeOpener::suite_of(view("no envelope at all, but some text")); });
}

/// An envelope of a proper form around plaintext chunks of the caller's choice: what someone with the key may send.
Bytes forged(const CipherSuite& suite, const std::vector<Bytes>& chunks) {
  Bytes out = header_of(CborMap{{"suite", suite.suite()}, {"chunk", 1030}, {"id", Bytes(16)}});
  const auto cipher = suite.chunk_cipher(test_key(1), out);
  for (std::size_t i = 0; i < chunks.size(); ++i) cipher->seal(i, i + 1 == chunks.size(), chunks[i], out);
  return out;
}

void authentic_nonsense_is_refused(CipherSuite& suite) {
  const Cbor info = CborMap{{"name", "n"}, {"type", "t"}};
  DRAWBRIDGE_CHECK(open_all(suite, forged(suite, {stream_of(info, 100)})) == pattern(100));
  const Bytes full = [&] {
    Bytes chunk = stream_of(info, 1030);
    chunk.resize(1030);
    return chunk;
  }();
  DRAWBRIDGE_CHECK(open_all(suite, forged(suite, {full, pattern(1)})).size() > 1);

  Bytes claims_more = stream_of(info, 10);
  claims_more[0] = 0xff;
  const std::vector<std::vector<Bytes>> bad = {
      {Bytes()},
      {Bytes(3)},
      {claims_more},
      {stream_of(CborMap{{"name", "n"}}, 10)},
      {stream_of(CborMap{{"name", "n"}, {"type", 7}}, 10)},
      {stream_of(CborMap{{"name", "n"}, {"type", "t"}, {"more", "m"}}, 10)},
      {stream_of(CborMap{{"name", std::string(1025, 'n')}, {"type", "t"}}, 0)},
      {full, Bytes()},
      {full, pattern(1031)},
      {Bytes(full.begin(), full.end() - 1), pattern(1)},
      {full, pattern(1029), pattern(1)},
  };
  for (const auto& chunks : bad) refused(suite, forged(suite, chunks));
}

void finished_stays_finished(CipherSuite& suite) {
  EnvelopeSealer sealer(suite, test_key(1), system_random(), plain_info, chunk_bytes);
  Bytes out;
  sealer.finish(out);
  DRAWBRIDGE_CHECK(open_all(suite, out).empty());
  const Bytes before = out;
  check_throws_now(Code::internal, [&] { sealer.update(view("more"), out); });
  check_throws_now(Code::internal, [&] { sealer.finish(out); });
  DRAWBRIDGE_CHECK(out == before);
}

void portable_chunks_open_alone(CipherSuite& suite) {
  const Bytes envelope = seal(suite, pattern(3000), 3000);
  const EnvelopeOpener opener = begin(suite, envelope, test_key(1));
  const auto cipher =
      suite.chunk_cipher(test_key(1), BytesView(envelope).first(static_cast<std::size_t>(opener.chunk(0).offset)));
  for (std::uint64_t i = 0; i < opener.chunk_count(); ++i) {
    const Secret expected = cipher->portable_key(i, i + 1 == opener.chunk_count());
    DRAWBRIDGE_CHECK(opener.portable_key(i).equals(expected.bytes()));
  }
}

}  // namespace

Suite<CipherSuite> envelope_suite() {
  return {
      now("RoundTripAroundChunkEdges", round_trip_around_chunk_edges),
      now("InformationComesBack", information_comes_back),
      now("InformationIsBounded", information_is_bounded),
      now("ChunksOpenInAnyOrder", chunks_open_in_any_order),
      now("EveryFlippedBitIsRefused", every_flipped_bit_is_refused),
      now("FlippedBitsInEveryChunkAreRefused", flipped_bits_in_every_chunk_are_refused),
      now("EveryTruncationIsRefused", every_truncation_is_refused),
      now("UnfinishedIsRefused", unfinished_is_refused),
      now("ExtensionIsRefused", extension_is_refused),
      now("MovedChunksAreRefused", moved_chunks_are_refused),
      now("PartsOfTwoEnvelopesDoNotMix", parts_of_two_envelopes_do_not_mix),
      now("OtherKeysOpenNothing", other_keys_open_nothing),
      now("ClaimedSizesAreChecked", claimed_sizes_are_checked),
      now("MalformedHeadersAreRefused", malformed_headers_are_refused),
      now("AuthenticNonsenseIsRefused", authentic_nonsense_is_refused),
      now("FinishedStaysFinished", finished_stays_finished),
      now("PortableChunksOpenAlone", portable_chunks_open_alone),
  };
}

}  // namespace drawbridge::testkit
