#include "drawbridge/http/json.h"

#include <fmt/format.h>

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

#include "nearest.h"

namespace drawbridge::http {
namespace json = boost::json;
namespace {

constexpr std::size_t max_errors =
    32;  // enough to correct a form; a list of a million wrong items must not become an answer

std::string_view text_of(const json::string& text) {
  return {text.data(), text.size()};
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string range_text(auto min, auto max) {
  return fmt::format("must be from {} to {}", min, max);
}

// Whether text is a whole number that does not fit any integer here, as opposed to no number.
bool is_digits(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// 1e3 and 5.0 are whole numbers in JSON; beyond 2^53 a double no longer says which.
std::optional<std::int64_t> whole(double number) {
  constexpr double limit = 9007199254740992.0;
  if (!(std::abs(number) <= limit) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::string JsonPath::text() const {
  std::string out = parent ? parent->text() : std::string();
  if (index != no_index) {
    out += fmt::format("[{}]", index);
  } else if (!name.empty()) {
    if (!out.empty()) out += '.';
    out += name.substr(0, 128);
  }
  return out;
}

void Binding::fail(const JsonPath& path, std::string message) {
  if (++count_ <= max_errors) errors_.push_back({path.text(), std::move(message)});
}

void Binding::finish() {
  if (!errors_.empty()) throw FieldErrors(std::move(errors_));
}

const json::object* Binding::object(const json::value& value, const JsonPath& path) {
  const auto* object = value.if_object();
  if (!object) fail(path, "must be an object");
  return object;
}

const json::array* Binding::array(const json::value& value, const JsonPath& path) {
  const auto* array = value.if_array();
  if (!array) fail(path, "must be a list");
  return array;
}

void Binding::refuse_unknown(const json::object& object, std::span<const std::string_view> known,
                             const JsonPath& path) {
  for (const auto& item : object) {
    const std::string_view key{item.key().data(), item.key().size()};
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto meant = nearest(key, known);
    fail(JsonPath{&path, key},
         meant.empty() ? std::string("is not known here") : fmt::format("is not known here, did you mean {}?", meant));
  }
}

void Binding::read(const json::value& value, const JsonPath& path, bool& out) {
  if (const auto* flag = value.if_bool()) {
    out = *flag;
    return;
  }
  if (const auto* given = options_.from_text ? value.if_string() : nullptr) {
    const auto text = text_of(*given);
    if (text == "true" || text == "1") return void(out = true);
    if (text == "false" || text == "0") return void(out = false);
  }
  fail(path, "must be true or false");
}

void Binding::read(const json::value& value, const JsonPath& path, double& out) {
  std::optional<double> number;
  if (const auto* given = options_.from_text ? value.if_string() : nullptr) {
    number = number_in<double>(text_of(*given));
  } else if (value.is_number()) {
    number = value.is_double()  ? value.get_double()
             : value.is_int64() ? static_cast<double>(value.get_int64())
                                : static_cast<double>(value.get_uint64());
  }
  if (!number) return fail(path, "must be a number");
  if (!std::isfinite(*number)) return fail(path, "is too large for a number");
  out = *number;
}

void Binding::read(const json::value& value, const JsonPath& path, std::string& out) {
  const auto* given = value.if_string();
  if (!given) return fail(path, "must be text");
  if (!is_utf8(text_of(*given))) return fail(path, "must be valid UTF-8");
  out = text_of(*given);
}

void Binding::read(const json::value& value, const JsonPath& path, Timestamp& out) {
  const auto* given = value.if_string();
  const auto time = given ? parse_rfc3339(text_of(*given)) : std::nullopt;
  if (!time) return fail(path, "must be a time like 2026-04-14T10:30:00Z");
  out = *time;
}

void Binding::read(const json::value& value, const JsonPath& path, Bytes& out) {
  const auto* given = value.if_string();
  auto bytes = given ? from_base64(text_of(*given)) : std::nullopt;
  if (!bytes) return fail(path, "must be base64 with padding");
  out = std::move(*bytes);
}

void Binding::read(const json::value& value, const JsonPath&, json::value& out) {
  out = value;
}

bool Binding::read_signed(const json::value& value, const JsonPath& path, std::int64_t min, std::int64_t max,
                          std::int64_t& out) {
  std::optional<std::int64_t> number;
  bool beyond = false;
  if (const auto* given = options_.from_text ? value.if_string() : nullptr) {
    number = number_in<std::int64_t>(text_of(*given));
    beyond = !number && is_digits(text_of(*given));
  } else if (value.is_int64()) {
    number = value.get_int64();
  } else if (value.is_uint64()) {
    beyond = true;  // Boost.JSON keeps in a uint64 what an int64 cannot hold
  } else if (value.is_double()) {
    number = whole(value.get_double());
    beyond = !number && std::abs(value.get_double()) > 1e15;
  }
  if (!number && !beyond) return fail(path, "must be a whole number"), false;
  if (beyond || *number < min || *number > max) return fail(path, range_text(min, max)), false;
  out = *number;
  return true;
}

bool Binding::read_unsigned(const json::value& value, const JsonPath& path, std::uint64_t max, std::uint64_t& out) {
  std::optional<std::uint64_t> number;
  bool beyond = false;
  const auto take = [&](std::int64_t given) {
    beyond = given < 0;
    if (!beyond) number = static_cast<std::uint64_t>(given);
  };
  if (const auto* given = options_.from_text ? value.if_string() : nullptr) {
    number = number_in<std::uint64_t>(text_of(*given));
    beyond = !number && is_digits(text_of(*given));
  } else if (value.is_uint64()) {
    number = value.get_uint64();
  } else if (value.is_int64()) {
    take(value.get_int64());
  } else if (value.is_double()) {
    const auto given_whole = whole(value.get_double());
    beyond = !given_whole && std::abs(value.get_double()) > 1e15;
    if (given_whole) take(*given_whole);
  }
  if (!number && !beyond) return fail(path, "must be a whole number"), false;
  if (beyond || *number > max) return fail(path, range_text(0, max)), false;
  out = *number;
  return true;
}

std::size_t Binding::read_choice(const json::value& value, const JsonPath& path,
                                 std::span<const std::string_view> names) {
  const auto* given = value.if_string();
  const auto found = given ? std::find(names.begin(), names.end(), text_of(*given)) : names.end();
  if (found == names.end()) fail(path, fmt::format("must be one of {}", fmt::join(names, ", ")));
  return static_cast<std::size_t>(found - names.begin());
}

json::value parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::parser parser({}, options);
  json::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  const auto place = [&] { return fmt::format(" at byte {}", std::min(used, text.size())); };
  if (error) throw StatusError(400, Code::invalid, "malformed JSON: " + error.message() + place());
  if (used != text.size()) throw StatusError(400, Code::invalid, "malformed JSON: text behind the document" + place());
  return parser.release();
}

namespace detail {
namespace {

void write_escaped(std::string& out, std::string_view text) {
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain_from, i - plain_from);
    plain_from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, plain_from, text.size() - plain_from);
}

// Bytes of text that is not UTF-8 become U+FFFD; sequences that are well formed on their own stay.
std::string repaired(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    const auto piece = text.substr(i, length);
    if (piece.size() == length && is_utf8(piece)) {
      out += piece;
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

}  // namespace

void write_text(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text)) {
    write_escaped(out, text);
  } else {
    write_escaped(out, repaired(text));
  }
  out += '"';
}

void write_number(std::string& out, std::int64_t number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}
void write_number(std::string& out, std::uint64_t number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}
void write_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
}
void write_value(std::string& out, const json::value& value) {
  out += json::serialize(value);
}

}  // namespace detail
}  // namespace drawbridge::http
