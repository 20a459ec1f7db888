#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/http/json.h"
#include "drawbridge/task.h"

namespace drawbridge::http {

/// Where a streamed body is written to.
class DRAWBRIDGE_API BodyWriter {
 public:
  virtual ~BodyWriter();
  /// Sends, and waits while the client is slow. `bytes` must stay valid until the task ends. Throws unavailable when
  /// the client is gone or takes nothing for the write timeout, and internal for more than the promised length.
  virtual Task<> write(BytesView bytes) = 0;
};

/// What a handler answers. A value.
///
///     co_return Response::json(health);
///     co_return Response::text("gone fishing").status(503).header("Retry-After", "60");
///     co_return Response::stream("application/octet-stream", size, [asset](BodyWriter& out) -> Task<> { … });
class DRAWBRIDGE_API Response {
 public:
  using Write = std::function<Task<>(BodyWriter&)>;
  struct Stream {
    std::optional<std::uint64_t> length;
    Write write;
  };
  using Body = std::variant<std::monostate, std::string, Bytes, Stream>;
  using Header = std::pair<std::string, std::string>;

  /// Without a body. 200 unless told otherwise.
  Response() = default;
  explicit Response(int status) : status_(status) {}

  static Response text(std::string body, std::string content_type = "text/plain; charset=utf-8");
  static Response bytes(Bytes body, std::string content_type = "application/octet-stream");
  /// A described struct, a vector or map of them, or a boost::json::value.
  template <class T>
  static Response json(const T& value, int status = 200) {
    return text(to_json(value), "application/json").status(status);
  }
  /// `write` is called once the head can be sent, and not for HEAD. It keeps what it captures alive until the response
  /// is sent or abandoned. Without `length` the body is chunked. When it throws before it has written anything, the
  /// error is the answer; later, the connection is cut so that the client notices.
  static Response stream(std::string content_type, std::optional<std::uint64_t> length, Write write);

  Response&& status(int status) &&;
  /// Adds a header. Throws Error{internal} for a name or value that no header can have, and for those that the server
  /// itself writes (Content-Length, Transfer-Encoding, Connection, Date, Content-Type, X-Request-Id).
  Response&& header(std::string name, std::string value) &&;
  Response& header(std::string name, std::string value) &;

  int status() const { return status_; }
  const std::string& content_type() const { return content_type_; }
  const std::vector<Header>& headers() const { return headers_; }
  const Body& body() const { return body_; }
  Body& body() { return body_; }

 private:
  int status_ = 200;
  std::string content_type_;
  std::vector<Header> headers_;
  Body body_;
};

/// The answer to what a handler threw: an Error as JSON by its code; anything else is 500 without its message.
///     {"error": message, "code": name, "hint"?, "field"?, "errors"?, "retry_after"?, "request_id": id}
DRAWBRIDGE_API Response error_response(const std::exception_ptr& error, std::string_view request_id);

}  // namespace drawbridge::http
