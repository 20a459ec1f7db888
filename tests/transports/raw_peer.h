#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "drawbridge/card.h"
#include "drawbridge/ed25519.h"
#include "fixture.h"
#include "transports/tls/frame.h"
#include "transports/tls/session.h"

namespace drawbridge::transport_test {

/// A peer that says on the wire whatever a test wants: it dials a node over TLS and then exchanges raw frames,
/// blocking.
class RawPeer {
 public:
  explicit RawPeer(const std::string& name);

  /// What the node under test must know, to let it in.
  Card card() const;
  std::string id() const { return card().node_id(); }

  /// Connects and completes TLS. Throws what failed.
  void connect(const TestNode& node);
  /// The same and the hellos.
  void join(const TestNode& node);
  tls::Hello hello() const;

  void send(const tls::Frame& frame);
  void send_bytes(BytesView bytes);
  /// The next frame, or nothing when the connection is over.
  std::optional<tls::Frame> next();
  /// The next frame of this type; others before it are dropped. Nothing when the connection is over.
  std::optional<tls::Frame> next(tls::FrameType type);
  /// Reads until the connection is over; fails the test when the node keeps it.
  void expect_closed();
  /// Whether a send found the connection gone.
  bool broken() const { return broken_; }
  /// Ends it without a word.
  void cut();

 private:
  bool receive();
  void flush();

  std::string name_;
  Ed25519Key key_;
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  tls::Context context_;
  std::unique_ptr<tls::Session> session_;
  tls::FrameReader frames_;
  bool broken_ = false;
};

/// Stands between two nodes and passes bytes on, until it is told to cut or to hold them back.
class Relay {
 public:
  explicit Relay(std::string target);
  ~Relay();
  std::string address() const;
  /// Ends every connection that passes here; later ones pass.
  void cut();
  /// Passes nothing on any more, and ends nothing.
  void hold() { holding_ = true; }
  void release() { holding_ = false; }
  int connections() const { return accepted_; }

 private:
  using Socket = std::shared_ptr<asio::ip::tcp::socket>;
  Task<> accept();
  Task<> pass(Socket from, Socket to);

  std::string target_;
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::vector<Socket> sockets_;
  std::atomic<bool> holding_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace drawbridge::transport_test
