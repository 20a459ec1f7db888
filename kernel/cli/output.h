#pragma once

#include <boost/json/value.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drawbridge/error.h"
#include "kernel/cli/text.h"

namespace drawbridge::cli {

enum class Style { bold, dim, good, warning, bad };

/// What a command tells: readable text or one JSON value on standard output, errors as `error:` and `hint:` lines on
/// standard error or as JSON in place of the result.
class Output {
 public:
  /// Labels with their values, one line each. Lines with an empty value are left out.
  using Page = std::vector<std::pair<std::string, std::string>>;

  void use_json(bool json) { json_ = json; }
  bool json() const { return json_; }
  /// Standard output is taken by content: everything that is told goes to standard error.
  void use_stderr() { stream_ = stderr; }

  /// The result for --json. `text` is JSON already.
  void print_json(const boost::json::value& value) const;
  void print_json_text(std::string_view text) const;

  /// Text as it is; what is foreign in it has to be made printable before.
  void print(std::string_view text) const;
  void print_line(std::string_view text) const;
  /// Values are made printable.
  void print_page(const Page& page) const;
  void print_table(const Table& table) const;

  /// A remark on standard error, not with --json.
  void remark(std::string_view text) const;

  /// The text in a colour, where the stream is a terminal and NO_COLOR is not set.
  std::string styled(Style style, std::string_view text) const;

  /// Tells an error (ConfigErrors: all of them) and returns its exit code.
  int fail(const Error& error) const;

  /// Whether a progress bar would be seen.
  static bool stderr_is_terminal();
  /// How wide standard error's terminal is.
  static std::size_t stderr_columns();

 private:
  std::FILE* stream_ = stdout;
  bool json_ = false;
};

/// The scalar at a dotted path of a document as text, without quotes; empty when it is absent, null or no scalar.
std::string field(const boost::json::value& value, std::string_view path);
/// The number there; 0 when it is absent or none.
std::uint64_t number_field(const boost::json::value& value, std::string_view path);
/// Whether there is `true`.
bool flag_field(const boost::json::value& value, std::string_view path);
/// The elements of the array there; none when it is absent.
std::vector<boost::json::value> array_field(const boost::json::value& value, std::string_view path);
/// The texts of an array, joined by ", ".
std::string list_field(const boost::json::value& value, std::string_view path);

}  // namespace drawbridge::cli
