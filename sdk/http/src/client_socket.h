#pragma once

#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/http/client.h"

namespace drawbridge::http {

/// The server closed or reset the connection, or is silent.
class ConnectionLost : public Error {
 public:
  using Error::Error;
};
/// It did so before any byte of the answer.
class StaleConnection final : public ConnectionLost {
 public:
  using ConnectionLost::ConnectionLost;
};

/// A TCP connection that blocks, with timeouts.
class ClientSocket {
 public:
  /// Connects. Throws Error{unavailable} with a hint.
  ClientSocket(const std::string& host, const std::string& port, const ClientOptions& options);
  ~ClientSocket();
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  /// Throws ConnectionLost.
  void write(BytesView bytes);
  /// Returns 0 at the end of the stream. Throws ConnectionLost.
  std::size_t read(MutableBytes out);
  bool wait_readable(Milliseconds timeout) const;

 private:
  bool try_connect(const void* address, unsigned address_size, int family, Milliseconds timeout);
  bool wait(short events, Milliseconds timeout) const;

  int fd_ = -1;
  int error_ = 0;
  Milliseconds idle_timeout_;
};

}  // namespace drawbridge::http
