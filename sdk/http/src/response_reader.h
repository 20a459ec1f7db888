#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "client_socket.h"

namespace drawbridge::http {

/// Reads one response from a socket: head, then body, with Boost.Beast's parser.
class ResponseReader {
 public:
  ResponseReader(ClientSocket& socket, bool head_only, std::uint64_t max_body_bytes);

  /// After `Expect: 100-continue`: whether the server wants the body. Otherwise the final answer waits to be read.
  bool read_continue();
  /// Whether bytes of an answer are there or come within a moment.
  bool has_answer();

  /// Throws StaleConnection when the server closed without a byte, ConnectionLost.
  ClientResponse read_head();
  /// Into `sink`, else into the response. Throws ConnectionLost when it breaks off, too_large.
  void read_body(ClientResponse& response, const BodySink& sink, const Progress& progress);
  /// Whether the connection can carry another request.
  bool reusable() const;

 private:
  class Parser;
  struct ParserDeleter {
    void operator()(Parser* parser) const;
  };

  bool fill();
  bool parse_head(ClientResponse& response);

  ClientSocket& socket_;
  const bool head_only_;
  const std::uint64_t max_body_bytes_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reusable_ = false;
  std::unique_ptr<Parser, ParserDeleter> parser_;
};

}  // namespace drawbridge::http
