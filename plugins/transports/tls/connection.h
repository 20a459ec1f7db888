#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "drawbridge/transport.h"
#include "drawbridge/wakeup.h"
#include "frame.h"
#include "session.h"

namespace drawbridge::tls {

using SteadyClock = std::chrono::steady_clock;  // a moved wall clock must neither drop a connection nor keep a dead one

struct Limits {
  std::uint64_t window = 1_MiB;
  unsigned max_streams = 128;
  std::uint64_t max_queued_bytes = 4_MiB;
};

class Connection;

/// One stream as both its user and its connection see it. Everything but the constants is guarded by the connection's
/// mutex.
struct StreamState {
  StreamState(std::uint64_t number, bool opened_here, std::uint64_t credit, std::uint64_t window)
      : id(number), local(opened_here), send_credit(credit), receive_credit(window) {}

  const std::uint64_t id;
  const bool local;

  std::uint64_t send_credit;     ///< What may be sent.
  std::uint64_t receive_credit;  ///< What the peer may send.
  std::uint64_t credit_due = 0;  ///< Taken by the reader, not yet returned to the peer.
  std::deque<Bytes> inbox;
  std::deque<Frame> outbox;
  bool scheduled = false;  ///< Stands in the queue of streams that have something to send.
  bool finished = false;   ///< END is queued or sent.
  bool end_sent = false;
  bool peer_ended = false;
  bool discarding = false;  ///< Nobody reads: what arrives is dropped.
  bool over = false;        ///< No longer known to the connection.
  std::optional<Error> failure;
  Wakeup changed;
};

/// What a connection asks of the node around it. Called without locks, on the connection's strand or a caller's thread.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  /// Why the peer with this key is refused; empty accepts it.
  virtual std::string judge(Connection& connection, BytesView node_key) = 0;
  /// The handler of an incoming stream. Throws the Error that refuses it.
  virtual Transport::Handler accept(Connection& connection, const std::string& protocol) = 0;
  virtual void run_handler(std::shared_ptr<Connection> connection, std::shared_ptr<StreamState> stream,
                           Transport::Handler handler) = 0;
  /// Something that `open` or `stop` may wait for has changed: retired, idle, closed.
  virtual void connection_changed(Connection& connection) = 0;
};

/// One authenticated connection: its TLS, its frames, its streams. The two loops run on its strand, which alone touches
/// the session and the socket; everything else is guarded by a mutex, so that streams are used from any thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Strand = asio::strand<asio::any_io_executor>;

  Connection(std::shared_ptr<ConnectionOwner> owner, const Context& context, asio::ip::tcp::socket socket,
             Strand strand, bool dialed, const Limits& limits);

  // The life of a connection, on the strand, in this order. Each throws Error.
  Task<> connect(asio::ip::tcp::endpoint endpoint, Milliseconds timeout);  ///< Only where this side dials.
  Task<> handshake(Hello own, Milliseconds timeout);                       ///< TLS and HELLO.
  Task<> read_loop();
  Task<> write_loop();

  // Constant after `handshake`.
  const std::string& peer_id() const { return peer_id_; }
  const std::string& remote_address() const { return remote_address_; }
  const std::string& description() const { return description_; }
  const Hello& peer_hello() const { return peer_hello_; }
  const Hello& own_hello() const { return own_hello_; }
  bool dialed() const { return dialed_; }
  const Strand& strand() const { return strand_; }
  const Bytes& peer_key() const { return peer_key_; }

  /// Called by the owner's judgement.
  void set_peer(std::string id, Bytes key) { peer_id_ = std::move(id), peer_key_ = std::move(key); }

  /// Takes new streams. May have changed when the caller looks.
  bool usable() const;
  /// Null when it takes no more streams; throws busy at the peer's bound.
  std::shared_ptr<StreamState> open(const std::string& protocol);
  std::size_t live_streams() const;
  bool closed() const;
  std::string failure_text() const;

  /// No new streams from this side; closes when neither side has any left.
  void retire();
  /// Sends what is queued, then closes.
  void close_gracefully();
  /// Ends everything now; the streams fail with unavailable and `why`.
  void fail(const std::string& why);

  void ping();
  SteadyClock::duration silence() const;

  // The streams' side. Each throws what ended the stream.
  using StreamPtr = std::shared_ptr<StreamState>;
  /// Null when the message was queued; otherwise what to wait for before trying again.
  Wakeup* push(const StreamPtr& stream, Bytes& message);
  struct Next {
    bool ready = false;
    std::optional<Bytes> message;
  };
  Next pop(const StreamPtr& stream);
  void finish(const StreamPtr& stream);
  /// The handler is done; with an error it is sent.
  void complete(const StreamPtr& stream, const std::optional<Error>& error);
  void drop(const StreamPtr& stream);
  std::uint64_t room_version() const { return room_.version(); }

 private:
  class Deadline;
  class Work;

  Task<> flush();
  Task<> receive_some();
  Task<> tls_handshake();
  Task<> exchange_hello();
  Task<> linger();
  void process_input();

  // One frame each, on the strand. Throw Error{invalid} for a violation.
  void on_frame(Frame frame);
  void on_open(const Frame& frame);
  StreamPtr accept_number(std::uint64_t number);
  StreamPtr stream_of(const Frame& frame) const;
  void on_data(StreamState& stream, Bytes message);
  void on_credit(StreamState& stream, BytesView payload);
  void on_end(StreamState& stream);
  void on_reset(StreamState& stream, BytesView payload);
  void on_retire();

  // With the lock held.
  void queue_control(Frame frame);
  void queue_answer(Frame frame);
  void queue_frame(const StreamPtr& stream, Frame frame);
  void return_credit(StreamState& stream, std::uint64_t amount);
  void remove_if_over(StreamState& stream);
  void remove(StreamState& stream);
  void check_retired();

  std::vector<Frame> take_batch();
  Task<> write_frames(const std::vector<Frame>& batch);  ///< `batch` outlives the task.
  void write_staging();
  void batch_written(const std::vector<Frame>& batch);
  bool written_out() const;

  const std::shared_ptr<ConnectionOwner> owner_;
  const Strand strand_;
  const bool dialed_;
  const Limits limits_;
  asio::ip::tcp::socket socket_;
  Session session_;
  FrameReader frames_;
  Bytes flushing_;
  Bytes staging_;
  std::string remote_address_, description_, peer_id_;
  Bytes peer_key_;
  Hello peer_hello_, own_hello_;
  std::atomic<SteadyClock::rep> last_received_;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, StreamPtr> streams_;
  std::deque<Frame> control_;
  std::deque<StreamPtr> ready_;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t next_local_;
  std::uint64_t last_remote_ = 0;
  std::size_t local_streams_ = 0, remote_streams_ = 0;
  bool ping_sent_ = false;
  bool retired_ = false, peer_retired_ = false;
  bool closing_ = false;  ///< Close when everything queued is written.
  bool closed_ = false;
  std::string failure_text_;
  bool has_output_ = false;   ///< Wake the writer when the lock is released.
  bool has_changed_ = false;  ///< Tell the owner when the lock is released.
  Wakeup writable_;
  Wakeup room_;  ///< The queue has become shorter.
};

/// The user's handle.
class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<Connection> connection, std::shared_ptr<StreamState> state)
      : connection_(std::move(connection)), state_(std::move(state)) {}
  ~TlsStream() override { connection_->drop(state_); }

  const std::string& peer() const override { return connection_->peer_id(); }
  Task<> send(Bytes message) override;
  Task<std::optional<Bytes>> receive() override;
  Task<> finish() override;

 private:
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<StreamState> state_;
};

}  // namespace drawbridge::tls
