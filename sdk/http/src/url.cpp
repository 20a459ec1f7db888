#include "url.h"

#include "drawbridge/bytes.h"
#include "drawbridge/http/client.h"
#include "drawbridge/http/errors.h"

namespace drawbridge::http {
namespace json = boost::json;
namespace {

constexpr std::size_t max_pairs = 256;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

json::string_view to_json_view(const std::string& text) {
  return {text.data(), text.size()};
}

void add_pair(json::object& out, const std::string& name, const std::string& value) {
  auto [item, added] = out.emplace(to_json_view(name), to_json_view(value));
  if (added) return;
  auto& there = item->value();
  if (!there.is_array()) {
    json::array several;
    several.push_back(std::move(there));
    there = std::move(several);
  }
  there.get_array().push_back(json::value(to_json_view(value)));
}

}  // namespace

std::optional<std::string> decode_component(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

json::object parse_query(std::string_view text) {
  json::object out;
  std::size_t pairs = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (++pairs > max_pairs) throw StatusError(400, Code::invalid, "the query has more than 256 parameters");
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode_component(pair.substr(0, equals), true);
    const auto value = decode_component(equals < pair.size() ? pair.substr(equals + 1) : std::string_view(), true);
    if (!name || !value) throw StatusError(400, Code::invalid, "the query is not properly percent-encoded UTF-8");
    add_pair(out, *name, *value);
  }
  return out;
}

std::string encode_component(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '_' || c == '.' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace drawbridge::http
