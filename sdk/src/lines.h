#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "drawbridge/bytes.h"
#include "drawbridge/hash.h"

namespace drawbridge {

// The strict little grammar that C2SP notes and proofs share. Not part of the SDK's interface.

inline constexpr std::uint64_t max_decimal = (std::uint64_t{1} << 63) - 1;

// UTF-8, and no control character but the newline.
bool is_plain_text(std::string_view text);
// The next line without its newline, taken off `rest`; nothing, and `rest` unchanged, when no newline follows.
std::optional<std::string_view> take_line(std::string_view& rest);
// Canonical: digits only, no leading zeroes, at most `max_decimal`.
std::optional<std::uint64_t> parse_decimal(std::string_view text);
// Canonical base64 of 32 bytes.
std::optional<Digest> parse_digest(std::string_view text);

}  // namespace drawbridge
