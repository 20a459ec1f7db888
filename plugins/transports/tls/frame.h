#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"

namespace drawbridge::tls {

// The frames of docs/formats/transport.md.

enum class FrameType : std::uint8_t { hello = 1, open, data, credit, end, reset, ping, pong, retire };

struct Frame {
  FrameType type;
  std::uint64_t stream = 0;
  Bytes payload;
};

constexpr std::size_t frame_header_bytes = 13;
using FrameHeader = std::array<std::uint8_t, frame_header_bytes>;

/// What a message of this size costs of a stream's credit.
constexpr std::uint64_t message_cost(std::size_t size) {
  return size < 64 ? 64 : size;
}

FrameHeader encode_header(const Frame& frame);

struct ParsedHeader {
  FrameType type;
  std::uint64_t stream;
  std::uint32_t length;
};
/// Throws Error{invalid} for an unknown type, a length that the type does not allow, and a stream number where there
/// must be none, or none.
ParsedHeader parse_header(const FrameHeader& header);

struct Hello {
  Bytes instance;
  std::uint64_t window = 0;
  std::uint64_t max_streams = 0;
  std::uint64_t serial = 0;
  std::uint64_t seen = 0;
};
Frame encode_hello(const Hello& hello);
/// Throws Error{invalid}, or Error{unsupported} for another version.
Hello parse_hello(BytesView payload);

Frame encode_reset(std::uint64_t stream, Code code, std::string_view message);
/// The error as this side throws it. Its text is the peer's: control characters are replaced. Throws Error{invalid}.
Error parse_reset(BytesView payload);

Frame encode_credit(std::uint64_t stream, std::uint32_t bytes);

/// Joins frames as they arrive in pieces. `Source` reads into a buffer and says how much, 0 for "no more now".
class FrameReader {
 public:
  /// The next whole frame, or nothing until more has arrived. Throws Error{invalid}.
  template <class Source>
  std::optional<Frame> next(Source& source) {
    while (have_ < frame_header_bytes) {
      const std::size_t got = source.read(MutableBytes(header_).subspan(have_));
      if (got == 0) return std::nullopt;
      have_ += got;
      if (have_ == frame_header_bytes) begin_payload();
    }
    while (filled_ < frame_.payload.size()) {
      const std::size_t got = source.read(MutableBytes(frame_.payload).subspan(filled_));
      if (got == 0) return std::nullopt;
      filled_ += got;
    }
    have_ = filled_ = 0;
    return std::move(frame_);
  }

 private:
  void begin_payload();

  FrameHeader header_{};
  std::size_t have_ = 0;
  Frame frame_{};
  std::size_t filled_ = 0;
};

}  // namespace drawbridge::tls
