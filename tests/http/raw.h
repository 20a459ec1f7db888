#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drawbridge::http::test {

/// A response as it stood on the wire.
struct RawResponse {
  int status = 0;  ///< 0: the connection ended before a whole response.
  std::string head;
  std::string body;

  /// The value of a header, by its lower-case name; empty when absent.
  std::string header(std::string_view name) const;
};

/// A client that sends whatever bytes a test wants to. Every wait is bounded; it then gives up as if the connection had
/// ended.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server no longer takes it.
  bool send(std::string_view bytes);
  /// The next response, with its body by Content-Length or chunked.
  RawResponse receive(bool head_only = false);
  RawResponse ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  /// Whether the server closes the connection, having sent nothing more.
  bool closed();
  /// Ends this side's sending.
  void finish();

 private:
  bool fill();
  bool need(std::size_t size);

  int fd_ = -1;
  std::string buffer_;
};

}  // namespace drawbridge::http::test
