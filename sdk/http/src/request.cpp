#include "drawbridge/http/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "exchange.h"
#include "url.h"

namespace drawbridge::http {

std::string_view Request::method() const {
  return exchange_.head.method;
}
std::string_view Request::path() const {
  return exchange_.head.path;
}
std::string_view Request::query_text() const {
  return exchange_.head.query;
}
std::optional<std::string_view> Request::header(std::string_view name) const {
  return exchange_.head.field(name);
}
const std::string& Request::id() const {
  return exchange_.id;
}
const std::optional<ApiClient>& Request::client() const {
  return exchange_.client;
}
const std::string& Request::address() const {
  return exchange_.address;
}
Host& Request::host() const {
  return exchange_.host;
}
std::optional<std::uint64_t> Request::content_length() const {
  return exchange_.head.content_length;
}
Task<std::size_t> Request::read(MutableBytes out) {
  return exchange_.body.read_body(out);
}
boost::json::value Request::query_value() const {
  return parse_query(exchange_.head.query);
}

std::string_view Request::path(std::string_view name) const {
  const auto& match = exchange_.match;
  for (std::size_t i = 0; match.route && i < match.route->parameters.size(); ++i) {
    if (match.route->parameters[i] == name) return match.parameters[i];
  }
  throw Error(Code::internal, "the route has no parameter '" + std::string(name) + "'");
}

Task<std::string> Request::text() {
  const auto limit = exchange_.json_bytes;
  const auto length = content_length();
  const auto too_large = [limit] {
    return Error(Code::too_large, fmt::format("the body is longer than {}", size_text(limit)));
  };
  if (length.value_or(0) > limit) throw too_large();
  std::string out;
  std::size_t used = 0;
  for (;;) {
    // What a client announces is not yet memory: the buffer grows with what has come.
    const std::size_t room = std::clamp<std::size_t>(used, 4096, 1_MiB);
    const std::size_t wanted = length ? std::min<std::size_t>(room, *length - used) : room;
    if (wanted == 0) break;
    out.resize(used + wanted);
    const MutableBytes rest(reinterpret_cast<std::uint8_t*>(out.data()) + used, wanted);
    const std::size_t got = co_await read(rest);
    used += got;
    if (got == 0) break;
    if (used > limit) throw too_large();
  }
  out.resize(used);
  co_return out;
}

}  // namespace drawbridge::http
