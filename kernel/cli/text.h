#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/clock.h"

namespace drawbridge::cli {

/// Foreign text made safe for a terminal: control characters, marks that reorder text, and bytes that are no UTF-8
/// become '?'.
std::string printable(std::string_view text);

/// Columns that UTF-8 text takes, a column for each character.
std::size_t display_width(std::string_view text);

/// "812 B", "64.0 MiB"; "152.3 MiB/s".
std::string human_size(std::uint64_t bytes);
std::string human_rate(std::uint64_t bytes, Milliseconds time);
/// "420 ms", "3.2 s", "2 min 5 s", "3 h 7 min", "5 d 2 h".
std::string human_time(Milliseconds time);

/// An RFC 3339 time or a day ("2026-04-14"). Throws Error{invalid} that names the option.
Timestamp time_argument(std::string_view text, std::string_view option);
/// A duration from `now` on. Throws Error{invalid} that names the option.
Timestamp expiry_argument(std::string_view duration, Timestamp now, std::string_view option);
/// One of the two, or none; both are refused.
std::optional<Timestamp> expiry(const std::string& duration, const std::string& time);

/// "0-99", "100-" or "-50" as the value of a Range header. Throws Error{invalid}.
std::string range_argument(std::string_view text);

/// "host:port" of a place to listen on or to be reached at. Throws Error{invalid} that names the option.
std::string address_argument(std::string_view text, std::string_view option, bool may_be_port_0);

/// Whether an address means every interface: nothing that a peer could dial.
bool is_wildcard(std::string_view address);

/// The URL at which a server that listens there is reached from this machine. Throws Error{invalid}; unsupported for
/// port 0, which nobody can know.
std::string url_of_listen(std::string_view listen);

/// The argument as a shell takes it.
std::string shell_quoted(std::string_view text);

/// A table with a line for each row; columns are as wide as their widest cell, those in `right` are aligned to the
/// right.
struct Table {
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> right;
};
/// The lines, the first of them the headers. Cells are made printable.
std::vector<std::string> format_table(const Table& table);

}  // namespace drawbridge::cli
