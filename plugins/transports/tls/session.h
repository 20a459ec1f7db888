#pragma once

#include <functional>
#include <memory>
#include <string>

#include "context.h"
#include "drawbridge/bytes.h"

namespace drawbridge::tls {

/// The TLS of one connection without its socket: bytes from the network go in, bytes for the network come out. OpenSSL
/// writes and reads these buffers, so that a network call moves many records, and tests need no socket. Not
/// thread-safe.
class Session {
 public:
  /// Decides on the peer's node key: an empty answer accepts, anything else is why not.
  using Judge = std::function<std::string(BytesView node_key)>;

  Session(const Context& context, bool server, Judge judge);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Where to put what comes from the network; call when `handshake` or `read` wanted more.
  MutableBytes input_room();
  void input_filled(std::size_t count);

  /// One step; whether the handshake is complete. Otherwise send `output` and feed input. Throws Error{forbidden} when
  /// this side refused the peer, Error{unavailable} for anything else that went wrong; `output` may then hold an alert
  /// that the peer should get.
  bool handshake();

  /// Decrypts into `out`; 0 when more input is needed. Throws Error{unavailable}, also when the peer closed.
  std::size_t read(MutableBytes out);
  /// Encrypts everything into `output`.
  void write(BytesView plain);
  /// Says goodbye in `output`.
  void close();

  /// What the network should get; take it by swapping.
  Bytes& output() { return output_; }

  /// "TLSv1.3, X25519, TLS_AES_256_GCM_SHA384".
  std::string describe() const;

  /// OpenSSL's question about the peer's certificates.
  static int verify(X509_STORE_CTX* store, void* unused);

 private:
  friend struct Bio;
  std::string judge_certificates(X509_STORE_CTX* store) const;
  [[noreturn]] void fail(const char* what);

  static constexpr std::size_t input_capacity = 64 * 1024;

  const Judge judge_;
  std::unique_ptr<SSL, Free> ssl_;
  std::unique_ptr<std::uint8_t[]> input_;  // left uninitialised: memory that is never filled is never resident
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Bytes output_;
  std::string refusal_;
  std::uint64_t written_with_key_ = 0;
};

}  // namespace drawbridge::tls
