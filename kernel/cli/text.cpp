#include "kernel/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"

namespace drawbridge::cli {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// The character at the front of well-formed UTF-8, and its length.
struct Character {
  std::string_view bytes;
  char32_t code;
};

Character first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && is_continuation(text[length])) ++length;
  const auto lead = static_cast<unsigned char>(text[0]);
  char32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return {text.substr(0, length), code};
}

bool is_safe(char32_t code) {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
  const bool reorders =
      code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return !reorders;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Splits at the last colon. Nothing when there is none, the port is none, or the host has other characters than a
/// host.
struct HostAndPort {
  std::string_view host;
  unsigned port;
};

std::optional<HostAndPort> split_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port_text = text.substr(colon + 1);
  if (!all_digits(port_text) || port_text.size() > 5) return std::nullopt;
  const auto port = static_cast<unsigned>(std::stoul(std::string(port_text)));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const auto inner = bracketed ? host.substr(1, host.size() - 2) : host;
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || (bracketed && c == ':');
  };
  if (inner.empty() || port > 65535 || !std::all_of(inner.begin(), inner.end(), allowed)) return std::nullopt;
  return HostAndPort{host, port};
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  if (!is_utf8(text)) {
    for (const char c : text) out += c >= 0x20 && c < 0x7f ? c : '?';
    return out;
  }
  while (!text.empty()) {
    const auto character = first_character(text);
    out += is_safe(character.code) ? character.bytes : "?";
    text.remove_prefix(character.bytes.size());
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1_KiB) return fmt::format("{} B", bytes);
  constexpr std::string_view units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string human_rate(std::uint64_t bytes, Milliseconds time) {
  const auto ms = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(time.count()));
  return human_size(static_cast<std::uint64_t>(static_cast<double>(bytes) * 1000 / static_cast<double>(ms))) + "/s";
}

std::string human_time(Milliseconds time) {
  const auto ms = time.count();
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  const auto seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

Timestamp time_argument(std::string_view text, std::string_view option) {
  const bool day_only = text.size() == 10;
  const auto time = parse_rfc3339(day_only ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (!time) {
    throw Error(Code::invalid, fmt::format("{}: '{}' is no time", option, text),
                "write it like 2026-04-14, 2026-04-14T10:30:00Z or 2026-04-14T12:30:00+02:00");
  }
  return *time;
}

Timestamp expiry_argument(std::string_view duration, Timestamp now, std::string_view option) {
  const auto parsed = parse_duration(duration);
  if (!parsed || parsed->count() <= 0) {
    throw Error(Code::invalid, fmt::format("{}: '{}' is no duration", option, duration), "write it like 30m, 2h or 7d");
  }
  return now + *parsed;
}

std::optional<Timestamp> expiry(const std::string& duration, const std::string& time) {
  if (!duration.empty() && !time.empty()) throw Error(Code::invalid, "--expires and --expires-at exclude each other");
  if (!time.empty()) return time_argument(time, "--expires-at");
  if (duration.empty()) return std::nullopt;
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  return expiry_argument(duration, now, "--expires");
}

std::string range_argument(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = text.substr(0, dash);
  const auto last = dash == std::string_view::npos ? std::string_view() : text.substr(dash + 1);
  const bool shaped = dash != std::string_view::npos && text.size() > 1 && (first.empty() || all_digits(first)) &&
                      (last.empty() || all_digits(last));
  if (!shaped || first.size() > 19 || last.size() > 19 ||
      (!first.empty() && !last.empty() && std::stoull(std::string(last)) < std::stoull(std::string(first)))) {
    throw Error(Code::invalid, fmt::format("--range: '{}' is no range of bytes", text),
                "write FIRST-LAST (both count, from 0), FIRST- or -COUNT for the end");
  }
  return fmt::format("bytes={}", text);
}

std::string address_argument(std::string_view text, std::string_view option, bool may_be_port_0) {
  const auto address = split_address(text);
  if (!address || (address->port == 0 && !may_be_port_0)) {
    throw Error(Code::invalid, fmt::format("{}: '{}' is no address", option, text),
                "write HOST:PORT, like 127.0.0.1:8081, alice.example:8000 or [::1]:8000");
  }
  return std::string(text);
}

bool is_wildcard(std::string_view address) {
  const auto parts = split_address(address);
  return parts && (parts->host == "0.0.0.0" || parts->host == "[::]");
}

std::string url_of_listen(std::string_view listen) {
  const auto address = split_address(listen);
  if (!address) throw Error(Code::invalid, fmt::format("'{}' is no address to listen on", listen));
  if (address->port == 0) {
    throw Error(Code::unsupported,
                "the node chooses its port at each start, so it cannot be found by its configuration",
                "say --url http://HOST:PORT, or give `listen` a port in node.yaml");
  }
  auto host = address->host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return fmt::format("http://{}:{}", host, address->port);
}

std::string shell_quoted(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+:@%,=").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> format_table(const Table& table) {
  std::vector<std::vector<std::string>> cells{table.headers};
  for (const auto& row : table.rows) cells.push_back(row);
  std::vector<std::size_t> widths(table.headers.size());
  for (auto& row : cells) {
    row.resize(widths.size());
    for (std::size_t i = 0; i < widths.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::vector<std::string> lines;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool right = std::find(table.right.begin(), table.right.end(), i) != table.right.end();
      const std::string space(widths[i] - display_width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (right ? space + row[i] : row[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace drawbridge::cli
