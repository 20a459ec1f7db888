#include "drawbridge/envelope.h"

#include <algorithm>

#include "drawbridge/cbor.h"
#include "drawbridge/error.h"

// See docs/formats/envelope.md.
namespace drawbridge {
namespace {

constexpr std::string_view magic = "drawbridge.envelope/1\n";
constexpr std::size_t length_bytes = 4;
constexpr std::size_t id_bytes = 16;
constexpr std::uint64_t min_chunk_bytes = 1_KiB;
constexpr std::uint64_t max_chunk_bytes = 16_MiB;
constexpr std::size_t max_info_text_bytes = 1024;
constexpr std::size_t max_suite_bytes = 32;

[[noreturn]] void refuse() {
  throw Error(Code::cannot_open, "this envelope does not open");
}

bool is_suite_name(std::string_view text) {
  if (text.empty() || text.size() > max_suite_bytes) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Bytes make_header(std::string_view suite, std::uint32_t chunk_bytes, Random& random) {
  const Bytes map = encode(CborMap{{"suite", suite}, {"chunk", chunk_bytes}, {"id", random.bytes(id_bytes)}});
  Bytes header = to_bytes(magic);
  append_u32be(header, static_cast<std::uint32_t>(map.size()));
  append(header, map);
  return header;
}

struct Header {
  std::string suite;
  std::size_t chunk_bytes = 0;
  std::size_t size = 0;  ///< Of all header bytes, magic included.
};

Header parse_header(BytesView bytes) {
  constexpr std::size_t fixed = magic.size() + length_bytes;
  if (bytes.size() < fixed || text_view(bytes.first(magic.size())) != magic) refuse();
  const std::size_t length = load_u32be(bytes.subspan(magic.size()));
  if (length > EnvelopeOpener::max_header_bytes - fixed || length > bytes.size() - fixed) refuse();
  const Cbor map = decode_cbor(bytes.subspan(fixed, length));
  Header header{map.at("suite").text(), 0, fixed + length};
  const std::uint64_t chunk = map.at("chunk").unsigned_integer();
  if (map.map().size() != 3 || map.at("id").bytes().size() != id_bytes || !is_suite_name(header.suite)) refuse();
  if (chunk < min_chunk_bytes || chunk > max_chunk_bytes) refuse();
  header.chunk_bytes = static_cast<std::size_t>(chunk);
  return header;
}

/// All failures to read hostile bytes are one error.
template <class Parse>
auto parse_or_refuse(Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    if (error.code() != Code::invalid) throw;
  }
  refuse();
}

bool is_info_text(const std::string& text) {
  return text.size() <= max_info_text_bytes && is_utf8(text);
}

/// What stands before the content.
Bytes make_prefix(const ContentInfo& info) {
  const Bytes map = encode(CborMap{{"name", info.name}, {"type", info.type}});
  Bytes prefix;
  append_u32be(prefix, static_cast<std::uint32_t>(map.size()));
  append(prefix, map);
  return prefix;
}

ContentInfo parse_info(BytesView bytes) {
  const Cbor map = decode_cbor(bytes);
  ContentInfo info{map.at("name").text(), map.at("type").text()};
  if (map.map().size() != 2 || !is_info_text(info.name) || !is_info_text(info.type)) refuse();
  return info;
}

}  // namespace

struct EnvelopeSealer::State {
  Bytes header;  ///< Until it has been handed out.
  std::unique_ptr<ChunkCipher> cipher;
  std::size_t chunk_bytes = 0;
  Bytes pending;  ///< Plaintext that is not sealed yet: never empty, at most one chunk, since it may be the last one.
  std::uint64_t next = 0;
  bool finished = false;

  ~State() { wipe(pending); }

  void begin(Bytes& out) {
    if (finished) throw Error(Code::internal, "this envelope is finished");
    append(out, header);
    header.clear();
  }
};

EnvelopeSealer::EnvelopeSealer(const CipherSuite& suite, const Secret& data_key, Random& random,
                               const ContentInfo& info, std::uint32_t chunk_bytes)
    : state_(std::make_unique<State>()) {
  if (chunk_bytes < min_chunk_bytes || chunk_bytes > max_chunk_bytes) {
    throw Error(Code::invalid, "an envelope's chunks have 1 KiB to 16 MiB");
  }
  if (!is_info_text(info.name) || !is_info_text(info.type)) {
    throw Error(Code::invalid, "name and type of the content are at most 1024 bytes of utf-8 each");
  }
  const Bytes prefix = make_prefix(info);
  if (prefix.size() > chunk_bytes) {
    throw Error(Code::invalid, "name and type of the content do not fit into one chunk of this size");
  }
  state_->header = make_header(suite.suite(), chunk_bytes, random);
  state_->cipher = suite.chunk_cipher(data_key, state_->header);
  state_->chunk_bytes = chunk_bytes;
  state_->pending.reserve(chunk_bytes);  // once, so that no copy of plaintext is left behind by a growing buffer
  append(state_->pending, prefix);
}

EnvelopeSealer::~EnvelopeSealer() = default;

void EnvelopeSealer::update(BytesView content, Bytes& out) {
  State& state = *state_;
  state.begin(out);
  // A full chunk is sealed as soon as it is known not to be the last one.
  while (content.size() > state.chunk_bytes - state.pending.size()) {
    const std::size_t take = state.chunk_bytes - state.pending.size();
    if (state.pending.empty()) {
      state.cipher->seal(state.next++, false, content.first(take), out);
    } else {
      append(state.pending, content.first(take));
      state.cipher->seal(state.next++, false, state.pending, out);
      state.pending.clear();
    }
    content = content.subspan(take);
  }
  append(state.pending, content);
}

void EnvelopeSealer::finish(Bytes& out) {
  State& state = *state_;
  state.begin(out);
  state.cipher->seal(state.next, true, state.pending, out);
  wipe(state.pending);
  state.finished = true;
}

struct EnvelopeOpener::State {
  Header header;
  std::unique_ptr<ChunkCipher> cipher;
  std::size_t full_size = 0;   ///< Of a sealed full chunk.
  std::uint64_t count = 0;     ///< Of chunks, at least 1.
  std::size_t last_size = 0;   ///< Of the sealed last chunk.
  std::size_t last_plain = 0;  ///< Of its plaintext; 0 until `begin`.
  Bytes prefix;                ///< What stands before the content; empty until `begin`.
  ContentInfo info;

  bool is_last(std::uint64_t index) const { return index == count - 1; }

  void check_index(std::uint64_t index) const {
    if (index >= count) throw Error(Code::invalid, "this envelope has no chunk " + std::to_string(index));
  }
  void check_begun() const {
    if (last_plain == 0) throw Error(Code::internal, "this envelope has not begun");
  }

  /// Appends the plaintext of a chunk to `out`, or refuses with `out` unchanged. Returns its size.
  std::size_t open(std::uint64_t index, BytesView sealed, Bytes& out) const {
    const bool last = is_last(index);
    const std::size_t before = out.size();
    if (sealed.size() != (last ? last_size : full_size) || !cipher->open(index, last, sealed, out)) refuse();
    const std::size_t size = out.size() - before;
    const bool proper = !last ? size == header.chunk_bytes
                              : size > 0 && size <= header.chunk_bytes && (last_plain == 0 || size == last_plain);
    if (!proper) take_back(out, before);
    return size;
  }

  [[noreturn]] static void take_back(Bytes& out, std::size_t size) {
    wipe(MutableBytes(out).subspan(size));
    out.resize(size);
    refuse();
  }
};

std::string EnvelopeOpener::suite_of(BytesView first_bytes) {
  return parse_or_refuse([&] { return parse_header(first_bytes).suite; });
}

EnvelopeOpener::EnvelopeOpener(const CipherSuite& suite, const Secret& data_key, BytesView first_bytes,
                               std::uint64_t envelope_size)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.header = parse_or_refuse([&] { return parse_header(first_bytes); });
  if (state.header.suite != suite.suite() || first_bytes.size() > envelope_size) refuse();
  state.cipher = suite.chunk_cipher(data_key, first_bytes.first(state.header.size));
  state.full_size = state.cipher->sealed_size(state.header.chunk_bytes);
  const std::uint64_t body = envelope_size - state.header.size;
  if (body < state.cipher->sealed_size(1)) refuse();
  state.count = (body - 1) / state.full_size + 1;
  state.last_size = static_cast<std::size_t>(body - (state.count - 1) * state.full_size);
}

EnvelopeOpener::~EnvelopeOpener() = default;
EnvelopeOpener::EnvelopeOpener(EnvelopeOpener&&) noexcept = default;

std::uint64_t EnvelopeOpener::chunk_count() const {
  return state_->count;
}

ChunkExtent EnvelopeOpener::chunk(std::uint64_t index) const {
  const State& state = *state_;
  state.check_index(index);
  return {state.header.size + index * state.full_size, state.is_last(index) ? state.last_size : state.full_size};
}

void EnvelopeOpener::begin(BytesView sealed_first, BytesView sealed_last) {
  State& state = *state_;
  const bool single = state.count == 1;
  if (single && !std::ranges::equal(sealed_first, sealed_last)) refuse();
  Secret first;
  Secret last;
  {
    Bytes plain;
    state.open(0, sealed_first, plain);
    first = Secret(std::move(plain));
  }
  if (!single) {
    Bytes plain;
    state.open(state.count - 1, sealed_last, plain);
    last = Secret(std::move(plain));
  }
  if (first.size() < length_bytes) refuse();
  const std::size_t length = load_u32be(first.bytes());
  if (length > first.size() - length_bytes) refuse();
  state.info = parse_or_refuse([&] { return parse_info(first.bytes().subspan(length_bytes, length)); });
  state.prefix = to_bytes(first.bytes().first(length_bytes + length));
  state.last_plain = single ? first.size() : last.size();
}

const ContentInfo& EnvelopeOpener::info() const {
  state_->check_begun();
  return state_->info;
}

std::uint64_t EnvelopeOpener::content_size() const {
  const State& state = *state_;
  state.check_begun();
  // Cannot overflow: the plaintext is smaller than the envelope.
  return (state.count - 1) * state.header.chunk_bytes + state.last_plain - state.prefix.size();
}

std::uint64_t EnvelopeOpener::chunk_of(std::uint64_t content_offset) const {
  const State& state = *state_;
  if (content_offset >= content_size()) return state.count - 1;
  return (content_offset + state.prefix.size()) / state.header.chunk_bytes;
}

std::uint64_t EnvelopeOpener::content_offset(std::uint64_t index) const {
  const State& state = *state_;
  state.check_begun();
  state.check_index(index);
  return index == 0 ? 0 : index * state.header.chunk_bytes - state.prefix.size();
}

void EnvelopeOpener::open(std::uint64_t index, BytesView sealed, Bytes& out) const {
  const State& state = *state_;
  state.check_begun();
  state.check_index(index);
  const std::size_t before = out.size();
  const std::size_t size = state.open(index, sealed, out);
  if (index != 0) return;
  // The first chunk was opened by `begin` too: it must be the same one.
  const BytesView plain = BytesView(out).subspan(before);
  if (size < state.prefix.size() || !std::ranges::equal(plain.first(state.prefix.size()), state.prefix)) {
    State::take_back(out, before);
  }
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(before),
            out.begin() + static_cast<std::ptrdiff_t>(before + state.prefix.size()));
}

Secret EnvelopeOpener::portable_key(std::uint64_t index) const {
  state_->check_index(index);
  return state_->cipher->portable_key(index, state_->is_last(index));
}

}  // namespace drawbridge
