#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/export.h"

namespace drawbridge {

/// Owned bytes, a view of bytes, and a writable view. Text that is really bytes (keys of records) is std::string.
using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline constexpr std::uint64_t operator""_KiB(unsigned long long n) {
  return n << 10;
}
inline constexpr std::uint64_t operator""_MiB(unsigned long long n) {
  return n << 20;
}
inline constexpr std::uint64_t operator""_GiB(unsigned long long n) {
  return n << 30;
}
inline constexpr std::uint64_t operator""_TiB(unsigned long long n) {
  return n << 40;
}

/// Views of the same memory, and copies of it. The view borrows: it must not outlive the text.
inline BytesView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_view(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
  return {view(text).begin(), view(text).end()};
}
inline Bytes to_bytes(BytesView bytes) {
  return {bytes.begin(), bytes.end()};
}
inline std::string to_text(BytesView bytes) {
  return std::string(text_view(bytes));
}
inline void append(Bytes& out, BytesView more) {
  out.insert(out.end(), more.begin(), more.end());
}
inline void append(Bytes& out, std::string_view more) {
  append(out, view(more));
}

/// Big-endian integers, as every format here stores them. `load` needs at least the integer's size in `bytes`.
DRAWBRIDGE_API void append_u16be(Bytes& out, std::uint16_t value);
DRAWBRIDGE_API void append_u32be(Bytes& out, std::uint32_t value);
DRAWBRIDGE_API void append_u64be(Bytes& out, std::uint64_t value);
DRAWBRIDGE_API std::uint16_t load_u16be(BytesView bytes);
DRAWBRIDGE_API std::uint32_t load_u32be(BytesView bytes);
DRAWBRIDGE_API std::uint64_t load_u64be(BytesView bytes);

/// Lower-case hexadecimal. `from_hex` takes either case and returns nothing for anything else.
DRAWBRIDGE_API std::string to_hex(BytesView bytes);
DRAWBRIDGE_API std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 §4 (with padding) and §5 (URL-safe; with padding, as Fernet writes it). Decoding is strict: the
/// alphabet, the padding and the unused bits must be canonical, white space is refused.
DRAWBRIDGE_API std::string to_base64(BytesView bytes);
DRAWBRIDGE_API std::optional<Bytes> from_base64(std::string_view text);
DRAWBRIDGE_API std::string to_base64url(BytesView bytes);
DRAWBRIDGE_API std::optional<Bytes> from_base64url(std::string_view text);

/// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
DRAWBRIDGE_API bool is_utf8(std::string_view text);

/// Compares without telling by its time where the difference is. The lengths are not secret.
DRAWBRIDGE_API bool constant_time_equal(BytesView a, BytesView b);

/// Overwrites memory in a way that the compiler may not drop.
DRAWBRIDGE_API void wipe(MutableBytes memory);

}  // namespace drawbridge
