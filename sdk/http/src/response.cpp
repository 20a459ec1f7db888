#include "drawbridge/http/response.h"

#include <algorithm>
#include <array>

namespace drawbridge::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

bool is_header_name(std::string_view name) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";  // RFC 9110 §5.6.2, token
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool is_written_by_server(std::string_view name) {
  static constexpr std::array<std::string_view, 6> names = {"content-length", "transfer-encoding", "connection",
                                                            "date",           "content-type",      "x-request-id"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view own) { return same_name(own, name); });
}

}  // namespace

BodyWriter::~BodyWriter() = default;

Response Response::text(std::string body, std::string content_type) {
  Response out;
  out.content_type_ = std::move(content_type);
  out.body_ = std::move(body);
  return out;
}

Response Response::bytes(Bytes body, std::string content_type) {
  Response out;
  out.content_type_ = std::move(content_type);
  out.body_ = std::move(body);
  return out;
}

Response Response::stream(std::string content_type, std::optional<std::uint64_t> length, Write write) {
  Response out;
  out.content_type_ = std::move(content_type);
  out.body_ = Stream{length, std::move(write)};
  return out;
}

Response&& Response::status(int status) && {
  status_ = status;
  return std::move(*this);
}

Response& Response::header(std::string name, std::string value) & {
  if (!is_header_name(name) || !is_header_value(value) || is_written_by_server(name)) {
    throw Error(Code::internal, "a response cannot have the header '" + name + "' with that value");
  }
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Response&& Response::header(std::string name, std::string value) && {
  header(std::move(name), std::move(value));
  return std::move(*this);
}

}  // namespace drawbridge::http
