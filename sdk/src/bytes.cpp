#include "drawbridge/bytes.h"

#include <openssl/crypto.h>

#include <array>

namespace drawbridge {
namespace {

template <class T>
void append_be(Bytes& out, T value) {
  for (int shift = (sizeof(T) - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

template <class T>
T load_be(BytesView bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | bytes[i]);
  return value;
}

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> inverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr auto standard_inverse = inverse(standard_alphabet);
constexpr auto url_inverse = inverse(url_alphabet);

std::string encode64(BytesView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0u) |
                                (left > 2 ? static_cast<std::uint32_t>(bytes[i + 2]) : 0u);
    out += alphabet[group >> 18];
    out += alphabet[(group >> 12) & 63];
    out += left > 1 ? alphabet[(group >> 6) & 63] : '=';
    out += left > 2 ? alphabet[group & 63] : '=';
  }
  return out;
}

std::optional<Bytes> decode64(std::string_view text, const std::array<std::int8_t, 256>& table) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = !last ? 0 : text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (int j = 0; j < 4; ++j) {
      const int digit = j >= 4 - padding ? 0 : table[static_cast<std::uint8_t>(text[i + static_cast<std::size_t>(j)])];
      if (digit < 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(group >> 16));
    if (padding < 2) out.push_back(static_cast<std::uint8_t>(group >> 8));
    if (padding < 1) out.push_back(static_cast<std::uint8_t>(group));
  }
  return out;
}

}  // namespace

void append_u16be(Bytes& out, std::uint16_t value) {
  append_be(out, value);
}
void append_u32be(Bytes& out, std::uint32_t value) {
  append_be(out, value);
}
void append_u64be(Bytes& out, std::uint64_t value) {
  append_be(out, value);
}
std::uint16_t load_u16be(BytesView bytes) {
  return load_be<std::uint16_t>(bytes);
}
std::uint32_t load_u32be(BytesView bytes) {
  return load_be<std::uint32_t>(bytes);
}
std::uint64_t load_u64be(BytesView bytes) {
  return load_be<std::uint64_t>(bytes);
}

std::string to_hex(BytesView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

std::string to_base64(BytesView bytes) {
  return encode64(bytes, standard_alphabet);
}
std::optional<Bytes> from_base64(std::string_view text) {
  return decode64(text, standard_inverse);
}
std::string to_base64url(BytesView bytes) {
  return encode64(bytes, url_alphabet);
}
std::optional<Bytes> from_base64url(std::string_view text) {
  return decode64(text, url_inverse);
}

bool is_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xc2 && lead <= 0xdf   ? 1
                             : lead >= 0xe0 && lead <= 0xef ? 2
                             : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                            : 0;
    if (more == 0 || text.size() - i <= more) return false;
    for (std::size_t j = 1; j <= more; ++j) {
      if ((at(i + j) & 0xc0) != 0x80) return false;
    }
    const std::uint8_t next = at(i + 1);
    if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) ||
        (lead == 0xf4 && next > 0x8f)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

bool constant_time_equal(BytesView a, BytesView b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(MutableBytes memory) {
  if (!memory.empty()) OPENSSL_cleanse(memory.data(), memory.size());
}

}  // namespace drawbridge
