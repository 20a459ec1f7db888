// The opener on hostile bytes, with a suite that authenticates nothing, so that the fuzzer gets behind the cipher.
#include <algorithm>
#include <cstdlib>

#include "drawbridge/cbor.h"
#include "drawbridge/envelope.h"
#include "drawbridge/error.h"

namespace drawbridge {
namespace {

/// A "sealed" chunk is the plaintext and a byte that is the last flag.
class OpenChunks final : public ChunkCipher {
 public:
  std::size_t sealed_size(std::size_t plain_size) const override { return plain_size + 1; }
  void seal(std::uint64_t, bool last, BytesView plain, Bytes& out) const override {
    append(out, plain);
    out.push_back(last ? 1 : 0);
  }
  bool open(std::uint64_t, bool last, BytesView sealed, Bytes& out) const override {
    if (sealed.empty() || sealed.back() != (last ? 1 : 0)) return false;
    // Some chunks come out shorter than their size says, as padding of a block cipher can have it.
    const std::size_t cut = sealed.size() > 8 && sealed[0] == 0xfe ? 7 : 1;
    append(out, sealed.first(sealed.size() - cut));
    return true;
  }
};

class OpenSuite final : public CipherSuite {
 public:
  std::string_view suite() const override { return "open"; }
  std::vector<Algorithm> algorithms() const override { return {}; }
  std::string_view address_prefix() const override { return "none"; }
  std::unique_ptr<Hasher> hasher() const override { return nullptr; }
  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret&, BytesView) const override {
    return std::make_unique<OpenChunks>();
  }
  Bytes seal_small(const Secret&, BytesView, BytesView) const override { return {}; }
  Secret open_small(const Secret&, BytesView, BytesView) const override { return {}; }
  KeyPair generate_encryption_keys() const override { return {}; }
  Bytes wrap(BytesView, BytesView, const Secret&) const override { return {}; }
  Secret unwrap(const Secret&, BytesView, BytesView) const override { return {}; }
  KeyPair generate_signature_keys() const override { return {}; }
  Bytes sign(const Secret&, BytesView) const override { return {}; }
  bool verify(BytesView, BytesView, BytesView) const override { return false; }
  std::string password_parameters() const override { return {}; }
  Secret derive(const Secret&, BytesView, std::string_view) const override { return {}; }
};

void demand(bool holds) {
  if (!holds) std::abort();
}

/// Opens all of `envelope`, of which `claimed` says more than is there in some runs.
void open_all(BytesView envelope, std::uint64_t claimed) {
  static const OpenSuite suite;
  const Secret key(CipherSuite::data_key_bytes);
  EnvelopeOpener opener(suite, key, envelope.first(std::min(envelope.size(), EnvelopeOpener::max_header_bytes)),
                        claimed);
  const auto part = [&](std::uint64_t index) {
    const ChunkExtent extent = opener.chunk(index);
    demand(extent.offset + extent.size <= claimed);
    if (extent.offset > envelope.size()) return BytesView();
    return envelope.subspan(extent.offset, std::min<std::size_t>(extent.size, envelope.size() - extent.offset));
  };
  const std::uint64_t count = opener.chunk_count();
  opener.begin(part(0), part(count - 1));
  demand(opener.content_size() < claimed);
  demand(opener.info().name.size() <= 1024 && opener.info().type.size() <= 1024);
  Bytes content;
  for (std::uint64_t i = 0; i < count; ++i) {
    demand(opener.content_offset(i) == content.size());
    opener.open(i, part(i), content);
  }
  demand(content.size() == opener.content_size());
}

}  // namespace
}  // namespace drawbridge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge;
  if (size == 0) return 0;
  const bool raw = (data[0] & 1) != 0;
  const bool lies = (data[0] & 2) != 0;
  BytesView input(data + 1, size - 1);
  Bytes envelope;
  if (!raw) {
    // A proper header in front gets the fuzzer to the sizes and the content info.
    static const Bytes map = encode(CborMap{{"suite", "open"}, {"chunk", 1024}, {"id", Bytes(16)}});
    envelope = to_bytes("drawbridge.envelope/1\n");
    append_u32be(envelope, static_cast<std::uint32_t>(map.size()));
    append(envelope, map);
  }
  append(envelope, input);
  try {
    open_all(envelope, lies ? ~std::uint64_t{0} - size : envelope.size());
  } catch (const Error& error) {
    if (error.code() != Code::cannot_open) std::abort();
  }
  return 0;
}
