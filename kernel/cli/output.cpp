#include "kernel/cli/output.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "kernel/cli/exit_codes.h"
#include "kernel/problems.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

bool coloured(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(stream)) != 0 && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::warning:
      return "\x1b[33m";
    case Style::bad:
      break;
  }
  return "\x1b[31m";
}

std::string paint(std::FILE* stream, Style style, std::string_view text) {
  if (!coloured(stream)) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(style), text);
}

void write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// Lines of foreign text stay lines, everything else in them is made safe.
std::string printable_lines(std::string_view text) {
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    out += (begin == 0 ? "" : "\n") + printable(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

void write_error(std::string_view message, std::string_view hint) {
  write(stderr, fmt::format("{} {}\n", paint(stderr, Style::bad, "error:"), printable_lines(message)));
  if (!hint.empty()) write(stderr, fmt::format("{} {}\n", paint(stderr, Style::dim, "hint:"), printable_lines(hint)));
}

std::string place_of(const kernel::ConfigError& error) {
  return error.line > 0 ? fmt::format("{}:{}:{}", error.file, error.line, error.column) : error.file;
}

json::array errors_json(const kernel::ConfigErrors& errors) {
  json::array out;
  for (const auto& error : errors.errors()) {
    json::object entry{
        {"file", error.file}, {"line", error.line}, {"column", error.column}, {"message", error.message}};
    if (!error.hint.empty()) entry["hint"] = error.hint;
    out.push_back(std::move(entry));
  }
  return out;
}

const json::value* at(const json::value& value, std::string_view path) {
  const auto* here = &value;
  while (here != nullptr && !path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    const auto* object = here->if_object();
    here = object == nullptr ? nullptr : object->if_contains(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return here;
}

}  // namespace

void Output::print_json(const json::value& value) const {
  print_json_text(json::serialize(value));
}
void Output::print_json_text(std::string_view text) const {
  print_line(text);
}
void Output::print(std::string_view text) const {
  write(stream_, text);
}

void Output::print_line(std::string_view text) const {
  write(stream_, text);
  write(stream_, "\n");
}

void Output::print_page(const Page& page) const {
  std::size_t width = 0;
  for (const auto& [label, value] : page) {
    if (!value.empty()) width = std::max(width, label.size());
  }
  for (const auto& [label, value] : page) {
    if (value.empty()) continue;
    print_line(
        fmt::format("{}{}  {}", styled(Style::bold, label), std::string(width - label.size(), ' '), printable(value)));
  }
}

void Output::print_table(const Table& table) const {
  const auto lines = format_table(table);
  for (std::size_t i = 0; i < lines.size(); ++i) print_line(i == 0 ? styled(Style::bold, lines[i]) : lines[i]);
}

void Output::remark(std::string_view text) const {
  if (!json_) write(stderr, fmt::format("{}\n", text));
}

std::string Output::styled(Style style, std::string_view text) const {
  return paint(stream_, style, text);
}

int Output::fail(const Error& error) const {
  const auto* many = dynamic_cast<const kernel::ConfigErrors*>(&error);
  if (json_) {
    json::object out{{"error", error.what()}, {"code", name(error.code())}};
    if (!error.hint().empty()) out["hint"] = error.hint();
    if (many != nullptr) out["errors"] = errors_json(*many);
    print_json(out);
  } else if (many != nullptr) {
    for (const auto& one : many->errors()) write_error(place_of(one) + ": " + one.message, one.hint);
  } else {
    write_error(error.what(), error.hint());
  }
  return exit_code(error.code());
}

bool Output::stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) != 0;
}

std::size_t Output::stderr_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string field(const json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  if (found == nullptr || found->is_null() || found->is_structured()) return {};
  if (const auto* text = found->if_string()) return std::string(text->data(), text->size());
  return json::serialize(*found);
}

std::uint64_t number_field(const json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  if (found == nullptr) return 0;
  if (const auto* number = found->if_uint64()) return *number;
  const auto* number = found->if_int64();
  return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

bool flag_field(const json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::vector<json::value> array_field(const json::value& value, std::string_view path) {
  const auto* found = at(value, path);
  const auto* array = found == nullptr ? nullptr : found->if_array();
  if (array == nullptr) return {};
  return {array->begin(), array->end()};
}

std::string list_field(const json::value& value, std::string_view path) {
  std::string out;
  for (const auto& item : array_field(value, path)) out += (out.empty() ? "" : ", ") + field(item, "");
  return out;
}

}  // namespace drawbridge::cli
