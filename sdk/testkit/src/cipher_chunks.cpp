// Chunks: they open in their place only, and in no other form.
#include <algorithm>
#include <set>

#include "cipher_suite_support.h"

namespace drawbridge::testkit {
namespace {

const Bytes header = to_bytes("a header");
const Bytes content = to_bytes("twenty-three bytes long");

struct ChunkFixture {
  explicit ChunkFixture(const CipherSuite& suite) : key(test_key(1)), cipher(suite.chunk_cipher(key, header)) {}

  Bytes seal(std::uint64_t index, bool last) const {
    Bytes out;
    cipher->seal(index, last, content, out);
    return out;
  }
  static bool opens(const ChunkCipher& with, std::uint64_t index, bool last, BytesView sealed) {
    Bytes out = to_bytes("before");
    if (with.open(index, last, sealed, out)) {
      DRAWBRIDGE_CHECK(out.size() >= 6 && text_view(BytesView(out).first(6)) == "before");
      out.erase(out.begin(), out.begin() + 6);
      DRAWBRIDGE_CHECK(out == content);
      return true;
    }
    check(out == to_bytes("before"), "a chunk that does not open leaves the output as it was");
    return false;
  }
  bool opens(std::uint64_t index, bool last, BytesView sealed) const { return opens(*cipher, index, last, sealed); }

  Secret key;
  std::unique_ptr<ChunkCipher> cipher;
};

void chunk_round_trip(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    DRAWBRIDGE_CHECK(chunks.opens(index, false, chunks.seal(index, false)));
    DRAWBRIDGE_CHECK(chunks.opens(index, true, chunks.seal(index, true)));
  }
}

void chunk_index_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(7, false);
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{7} << 32}) {
    DRAWBRIDGE_CHECK(!chunks.opens(index, false, sealed));
  }
}

void chunk_last_flag_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  DRAWBRIDGE_CHECK(!chunks.opens(3, true, chunks.seal(3, false)));
  DRAWBRIDGE_CHECK(!chunks.opens(3, false, chunks.seal(3, true)));
}

void chunk_header_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (const std::string_view other : {"a heades", "a heade", "a header ", ""}) {
    const auto cipher = suite.chunk_cipher(chunks.key, view(other));
    DRAWBRIDGE_CHECK(!ChunkFixture::opens(*cipher, 0, true, sealed));
  }
  const auto same = suite.chunk_cipher(chunks.key, header);
  DRAWBRIDGE_CHECK(ChunkFixture::opens(*same, 0, true, sealed));
}

void chunk_key_is_needed(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t bit = 0; bit < CipherSuite::data_key_bytes * 8; bit += 37) {
    const Secret wrong(flipped(to_bytes(chunks.key.bytes()), bit));
    DRAWBRIDGE_CHECK(!ChunkFixture::opens(*suite.chunk_cipher(wrong, header), 0, true, sealed));
  }
}

void chunk_refuses_every_flipped_bit(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    check(!chunks.opens(0, true, flipped(sealed, bit)), "bit " + std::to_string(bit) + " is authenticated");
  }
}

void chunk_refuses_every_truncation(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, BytesView(sealed).first(size)));
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, BytesView(sealed).subspan(sealed.size() - size)));
  }
}

void chunk_refuses_extension(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t more = 1; more <= 64; ++more) {
    Bytes longer = sealed;
    longer.resize(sealed.size() + more);
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, longer));
  }
  Bytes twice = sealed;
  append(twice, sealed);
  DRAWBRIDGE_CHECK(!chunks.opens(0, true, twice));
}

void chunk_refuses_garbage(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  for (std::size_t size = 0; size <= 512; size += 7) {
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, system_random().bytes(size)));
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, Bytes(size)));
  }
}

void chunk_sealed_size_is_exact(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  std::vector<std::size_t> sizes{1023, 1024, 1025, 65535, 65536, 65537, 1u << 20};
  for (std::size_t size = 0; size <= 130; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    const Bytes plain = pattern(size);
    Bytes sealed;
    chunks.cipher->seal(0, true, plain, sealed);
    check(sealed.size() == chunks.cipher->sealed_size(size), "sealed_size(" + std::to_string(size) + ") is exact");
    Bytes opened;
    DRAWBRIDGE_CHECK(chunks.cipher->open(0, true, sealed, opened));
    DRAWBRIDGE_CHECK(opened == plain);
    DRAWBRIDGE_CHECK(sealed.size() > size);
  }
}

void chunk_seal_appends(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  Bytes out = to_bytes("kept");
  for (std::uint64_t index = 0; index < 3; ++index) chunks.cipher->seal(index, index == 2, content, out);
  const std::size_t size = chunks.cipher->sealed_size(content.size());
  DRAWBRIDGE_CHECK(out.size() == 4 + 3 * size && text_view(BytesView(out).first(4)) == "kept");
  for (std::uint64_t index = 0; index < 3; ++index) {
    DRAWBRIDGE_CHECK(chunks.opens(index, index == 2, BytesView(out).subspan(4 + index * size, size)));
  }
}

void chunk_hides_equal_content(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes a = chunks.seal(0, false);
  const Bytes b = chunks.seal(1, false);
  DRAWBRIDGE_CHECK(a != b);
  DRAWBRIDGE_CHECK(std::search(a.begin(), a.end(), content.begin(), content.end()) == a.end());
}

void portable_keys_differ(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  std::set<std::string> seen;
  for (std::uint64_t index = 0; index < 4; ++index) {
    for (const bool last : {false, true}) {
      const Secret key = chunks.cipher->portable_key(index, last);
      if (key.empty()) return;  // a suite whose chunks are of no format that others know
      check(seen.insert(std::string(key.text())).second, "each chunk has a key of its own");
      DRAWBRIDGE_CHECK(chunks.cipher->portable_key(index, last).equals(key.bytes()));
    }
  }
}

}  // namespace

Suite<CipherSuite> chunk_cases() {
  return {
      now("ChunkRoundTrip", chunk_round_trip),
      now("ChunkIndexIsBound", chunk_index_is_bound),
      now("ChunkLastFlagIsBound", chunk_last_flag_is_bound),
      now("ChunkHeaderIsBound", chunk_header_is_bound),
      now("ChunkKeyIsNeeded", chunk_key_is_needed),
      now("ChunkRefusesEveryFlippedBit", chunk_refuses_every_flipped_bit),
      now("ChunkRefusesEveryTruncation", chunk_refuses_every_truncation),
      now("ChunkRefusesExtension", chunk_refuses_extension),
      now("ChunkRefusesGarbage", chunk_refuses_garbage),
      now("ChunkSealedSizeIsExact", chunk_sealed_size_is_exact),
      now("ChunkSealAppends", chunk_seal_appends),
      now("ChunkHidesEqualContent", chunk_hides_equal_content),
      now("PortableKeysDiffer", portable_keys_differ),
  };
}

}  // namespace drawbridge::testkit
