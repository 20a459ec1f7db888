#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/http/json.h"

namespace drawbridge::http {

struct ClientOptions {
  Milliseconds connect_timeout{5'000};
  Milliseconds idle_timeout{120'000};     ///< Without a byte either way.
  std::uint64_t max_body_bytes = 64_MiB;  ///< Of an answer that is kept in memory.
};

/// Gives the body of an upload: fills the front of `out` and returns how much, 0 at the end.
using BodySource = std::function<std::size_t(MutableBytes out)>;
/// Takes the body of a download, piece by piece.
using BodySink = std::function<void(BytesView piece)>;
/// Told after every piece; `total` where it is known.
using Progress = std::function<void(std::uint64_t done, std::optional<std::uint64_t> total)>;

struct ClientRequest {
  std::string method = "GET";
  std::string target;  ///< "/data/list?limit=10", encoded.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};                            ///< Sent as it is; Content-Type among the headers.
  BodySource source{};                           ///< Instead of `body`: streamed, after the server agreed to take it.
  std::optional<std::uint64_t> source_length{};  ///< Nothing: chunked.
  BodySink sink{};                               ///< Takes the body of an answer below 300 as it comes.
  Progress progress{};                           ///< Of whichever of the two is streamed.
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< Empty when a sink took it.

  /// By its name in any case; empty when absent.
  DRAWBRIDGE_API std::string_view header(std::string_view name) const;
  /// The body bound to T; fields that T does not know are passed over.
  template <class T>
  T as() const {
    return json_as<T>(body, {.allow_unknown = true});
  }
};

/// A small HTTP/1.1 client for the command line: blocks its thread, keeps one connection. Not thread-safe.
///
///     http::Client client("http://127.0.0.1:8081", key);
///     auto health = client.get("/health").as<HealthView>();
///
/// Every call throws what the server's error says (same code, message and hint), unavailable when it cannot be reached
/// or the connection breaks, and invalid for a URL that is none.
class DRAWBRIDGE_API Client {
 public:
  /// `api_key` may be empty. Only http:// is spoken.
  Client(std::string_view base_url, std::string api_key, ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  ClientResponse send(const ClientRequest& request);
  /// The same without throwing for statuses of 400 and above.
  ClientResponse exchange(const ClientRequest& request);

  ClientResponse get(std::string target);
  ClientResponse del(std::string target);
  ClientResponse post_text(std::string target, std::string json_text);
  /// A described struct or a boost::json::value.
  template <class T>
  ClientResponse post(std::string target, const T& value) {
    return post_text(std::move(target), to_json(value));
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Percent-encodes one segment of a path, or a name or value of a query.
DRAWBRIDGE_API std::string encode_component(std::string_view text);

}  // namespace drawbridge::http
