#include "lines.h"

#include <algorithm>
#include <charconv>

namespace drawbridge {

bool is_plain_text(std::string_view text) {
  const auto control = [](unsigned char c) { return c < 0x20 && c != '\n'; };
  return std::none_of(text.begin(), text.end(), control) && is_utf8(text);
}

std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == rest.npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max_decimal) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

std::optional<Digest> parse_digest(std::string_view text) {
  const auto bytes = from_base64(text);
  Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

}  // namespace drawbridge
