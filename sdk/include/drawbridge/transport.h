#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/component.h"

namespace drawbridge {

/// A two-way sequence of messages with one authenticated peer. Messages arrive whole, in order, once. One task may send
/// while another receives. Destroying a stream that is not finished both ways tells the peer, whose next call throws
/// unavailable.
class DRAWBRIDGE_API Stream {
 public:
  static constexpr std::size_t max_message_bytes = 256 * 1024;

  virtual ~Stream();

  /// The peer's node id, proved by the transport.
  virtual const std::string& peer() const = 0;

  /// Sends one message (at most `max_message_bytes`, else too_large); waits while the peer is slow. Throws unavailable
  /// when the connection is lost, and what the peer's handler threw.
  virtual Task<> send(Bytes message) = 0;

  /// The next message, or nothing when the peer has finished. Throws unavailable when the connection is lost before
  /// that, and what the peer's handler threw.
  virtual Task<std::optional<Bytes>> receive() = 0;

  /// No more messages from this side. Safe twice.
  virtual Task<> finish() = 0;
};

/// How a link to a peer stands, for `drawbridge status`.
struct LinkStatus {
  std::string node_id;
  std::string address;
  bool connected = false;
  Timestamp since{};
  std::string detail;  ///< The TLS group and cipher when connected; else the last error.
};

/// Moves messages between nodes that know each other. A transport authenticates the peer's node key and refuses
/// whom the identity component does not know. All methods are thread-safe.
class DRAWBRIDGE_API Transport : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Transport";

  /// Serves one incoming stream. When it returns, the stream is finished, and what the peer still sends is dropped;
  /// what it throws reaches the peer as an Error with the same code and message (anything but an Error arrives as
  /// internal, without its message). The transport keeps the handler until its streams are over, so that a coroutine
  /// lambda may use its captures.
  using Handler = std::function<Task<>(std::shared_ptr<Stream>)>;

  ~Transport() override;

  /// Serves a protocol ("drawbridge.assets/1"). Throws conflict when it is served already. A stream for a protocol that
  /// nobody serves is refused with unsupported.
  virtual void serve(std::string protocol, Handler handler) = 0;
  /// Stops serving it; streams that run go on.
  virtual void withdraw(const std::string& protocol) = 0;

  /// Opens a stream to a peer, connecting when necessary. Throws not_found for a peer that the identity does not know,
  /// unavailable when it cannot be reached (with why), busy when its bounded queue is full.
  virtual Task<std::unique_ptr<Stream>> open(std::string node_id, std::string protocol) = 0;

  virtual std::vector<LinkStatus> links() const = 0;
};

/// One message there, one back: opens, sends, finishes, receives. Throws what the peer's handler threw, and unavailable
/// after `timeout`.
DRAWBRIDGE_API Task<Bytes> request(Transport& transport, std::string node_id, std::string protocol, Bytes message,
                                   Milliseconds timeout);

}  // namespace drawbridge
