#include "frame.h"

#include <algorithm>

#include "drawbridge/cbor.h"
#include "drawbridge/transport.h"

namespace drawbridge::tls {
namespace {

constexpr std::string_view format_name = "drawbridge.transport/1";
constexpr std::size_t max_error_text = 1024;

struct Rule {
  std::uint32_t min;
  std::uint32_t max;
  bool of_stream;
};

Rule rule_of(FrameType type) {
  switch (type) {
    case FrameType::hello:
      return {1, 1024, false};
    case FrameType::open:
      return {1, 128, true};
    case FrameType::data:
      return {0, Stream::max_message_bytes, true};
    case FrameType::credit:
      return {4, 4, true};
    case FrameType::end:
      return {0, 0, true};
    case FrameType::reset:
      return {1, 2048, true};
    case FrameType::ping:
    case FrameType::pong:
      return {8, 8, false};
    case FrameType::retire:
      return {0, 0, false};
  }
  throw Error(Code::invalid, "unknown frame type " + std::to_string(static_cast<int>(type)));
}

// Somebody else's text, for logs and terminals.
std::string tame(std::string_view text) {
  if (!is_utf8(text)) return "(unreadable message)";
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

// Cuts between characters.
std::string_view cut(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

}  // namespace

FrameHeader encode_header(const Frame& frame) {
  FrameHeader out;
  const auto length = static_cast<std::uint32_t>(frame.payload.size());
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  out[4] = static_cast<std::uint8_t>(frame.type);
  for (int i = 0; i < 8; ++i) out[5 + i] = static_cast<std::uint8_t>(frame.stream >> (56 - 8 * i));
  return out;
}

ParsedHeader parse_header(const FrameHeader& header) {
  const BytesView bytes(header);
  const ParsedHeader out{static_cast<FrameType>(header[4]), load_u64be(bytes.subspan(5)), load_u32be(bytes)};
  const Rule rule = rule_of(out.type);
  if (out.length < rule.min || out.length > rule.max) {
    throw Error(Code::invalid,
                "a frame of type " + std::to_string(header[4]) + " with " + std::to_string(out.length) + " bytes");
  }
  if ((out.stream != 0) != rule.of_stream) {
    throw Error(Code::invalid,
                "a frame of type " + std::to_string(header[4]) + " for stream " + std::to_string(out.stream));
  }
  return out;
}

void FrameReader::begin_payload() {
  const ParsedHeader parsed = parse_header(header_);
  frame_.type = parsed.type;
  frame_.stream = parsed.stream;
  frame_.payload = Bytes(parsed.length);
}

Frame encode_hello(const Hello& hello) {
  CborMap map;
  map.emplace("format", format_name);
  map.emplace("instance", hello.instance);
  map.emplace("window", hello.window);
  map.emplace("max_streams", hello.max_streams);
  map.emplace("serial", hello.serial);
  map.emplace("seen", hello.seen);
  return {FrameType::hello, 0, encode(Cbor(std::move(map)))};
}

Hello parse_hello(BytesView payload) {
  const Cbor map = decode_cbor(payload);
  if (map.at("format").text() != format_name) {
    throw Error(
        Code::unsupported,
        "the peer speaks '" + tame(cut(map.at("format").text(), 64)) + "', this node " + std::string(format_name),
        "bring both nodes to the same version");
  }
  Hello hello{map.at("instance").bytes(), map.at("window").unsigned_integer(), map.at("max_streams").unsigned_integer(),
              map.at("serial").unsigned_integer(), map.at("seen").unsigned_integer()};
  if (hello.instance.size() != 16) throw Error(Code::invalid, "hello: wrong instance");
  if (hello.window < Stream::max_message_bytes || hello.window > 1_GiB)
    throw Error(Code::invalid, "hello: wrong window");
  return hello;
}

Frame encode_reset(std::uint64_t stream, Code code, std::string_view message) {
  CborMap map;
  map.emplace("code", name(code));
  map.emplace("message", is_utf8(message) ? cut(message, max_error_text) : std::string_view("(unreadable message)"));
  return {FrameType::reset, stream, encode(Cbor(std::move(map)))};
}

Error parse_reset(BytesView payload) {
  const Cbor map = decode_cbor(payload);
  return {code_from_name(map.at("code").text()), tame(cut(map.at("message").text(), max_error_text))};
}

Frame encode_credit(std::uint64_t stream, std::uint32_t bytes) {
  Frame frame{FrameType::credit, stream, {}};
  append_u32be(frame.payload, bytes);
  return frame;
}

}  // namespace drawbridge::tls
