#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drawbridge/access.h"
#include "drawbridge/bytes.h"
#include "drawbridge/host.h"
#include "drawbridge/http/json.h"

namespace drawbridge::http {

struct Exchange;

/// One request, lent to its handler until the response is sent (a streamed body's callback included). Views that it
/// returns live as long. Used by one task at a time.
class DRAWBRIDGE_API Request {
 public:
  explicit Request(Exchange& exchange) : exchange_(exchange) {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  /// "GET". A HEAD request that a GET route serves says "HEAD".
  std::string_view method() const;
  /// As it was sent, percent-encoded, without the query.
  std::string_view path() const;
  /// What follows the '?', as it was sent; empty when there is none.
  std::string_view query_text() const;
  /// A header by its name, in any case; of several the first. Nothing when absent.
  std::optional<std::string_view> header(std::string_view name) const;
  /// Unique, or what the client sent as X-Request-Id; stands in the response, too.
  const std::string& id() const;
  /// Whose API key came with the request, if one did and it is good.
  const std::optional<ApiClient>& client() const;
  /// The address of the client, behind trusted proxies too: "192.0.2.7".
  const std::string& address() const;
  Host& host() const;

  /// A parameter of the route, percent-decoded. Throws Error{internal} for a name that the route does not have.
  std::string_view path(std::string_view name) const;
  /// The same as T: std::string, a number, bool, Timestamp, a described enum. Throws FieldErrors.
  template <class T>
  T path(std::string_view name) const {
    Binding binding({.from_text = true});
    T out{};
    detail::bind_value(binding, JsonPath{nullptr, name}, boost::json::value(boost::json::string_view(path(name))), out);
    binding.finish();
    return out;
  }

  /// The query bound to a described struct: `?limit=10&tag=a&tag=b`. Throws FieldErrors, and StatusError{400} for bad
  /// encoding.
  template <class T>
  T query() const {
    return bind_json<T>(query_value(), {.from_text = true});
  }

  /// The body as JSON, bound to T. Bodies that take long to parse are parsed on the blocking pool.
  /// Throws too_large (the server's limit for JSON), StatusError{400} for what is not JSON, FieldErrors, and what
  /// `read` throws.
  template <class T>
  Task<T> json() {
    const std::string body = co_await text();
    const auto parse = [&body] { return json_as<T>(body); };
    if (body.size() <= inline_json_bytes) co_return parse();
    co_return co_await host().blocking(parse);
  }

  /// The whole body, at most as long as the server's limit for JSON; beyond that throws too_large.
  Task<std::string> text();

  /// The body as a stream: fills the front of `out`, which must outlive the task, and returns how much; 0 at the end.
  /// The first call tells a client that asked (`Expect: 100-continue`) to send. Throws Error{invalid} when the body
  /// breaks off or its framing is wrong, and StatusError{408} when the client sends too slowly; the connection is then
  /// of no more use.
  Task<std::size_t> read(MutableBytes out);
  /// The length that the client announced; nothing for a chunked body. 0 without a body.
  std::optional<std::uint64_t> content_length() const;

 private:
  static constexpr std::size_t inline_json_bytes = 64 * 1024;
  boost::json::value query_value() const;

  Exchange& exchange_;
};

}  // namespace drawbridge::http
