#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exchange.h"
#include "worker.h"

namespace drawbridge::http {

/// One client connection: reads heads, decides, runs handlers, writes responses, one request after the other. Confined
/// to its worker's thread.
class Connection final : public BodyReader {
 public:
  Connection(Worker& worker, asio::ip::tcp::socket socket, asio::ip::address peer);
  ~Connection();

  Task<> run();

  asio::cancellation_slot cancellation() { return cancel_.slot(); }
  /// Called by the sweep: breaks off the read or write that waits for too long.
  void check_deadline(std::int64_t now_ms);
  /// Closes the socket, unless a request is under way and `busy_too` is false; then also cancels the handler.
  void close(bool busy_too);
  /// Leaves the worker's list. Safe twice.
  void finish();

  Task<std::size_t> read_body(MutableBytes out) override;

  std::size_t place = 0;  ///< In the worker's list; the worker's own.

 private:
  class StreamWriter;
  using Buffers = std::array<asio::const_buffer, 4>;
  struct Framing {
    std::optional<std::uint64_t> length;
    bool chunked = false;
    bool has_body = true;
  };

  // connection.cpp: heads and decisions
  Task<bool> read_head();
  Task<bool> refuse_head(HeadError error);
  Task<bool> serve();
  const Route& admit();
  void identify();
  void limit(bool limited);
  Response answer_error(const std::exception_ptr& error);
  void make_room();
  const ServerOptions& options() const { return (generation_ ? *generation_ : *worker_.generation()).options; }
  std::string_view buffered() const { return {in_.data() + begin_, end_ - begin_}; }
  void set_deadline(Milliseconds timeout);
  void clear_deadline() { deadline_ms_ = 0; }

  // connection_body.cpp: request bodies
  void begin_body();
  void end_body();
  void take_pipelined();
  Task<> send_continue();
  Task<std::size_t> read_sized(MutableBytes out);
  Task<std::size_t> read_chunked(MutableBytes out);
  Task<std::size_t> receive_body(asio::mutable_buffer into);
  Task<bool> drain_body();
  Task<> linger();

  // connection_send.cpp: responses
  Task<bool> send(Response& response);
  Task<bool> send_stream(Response& response);
  bool may_keep() const;
  void write_head(const Response& response, const Framing& framing);
  Framing framing_of(const Response& response) const;
  bool write_some(Buffers& buffers, bool& failed);
  Task<bool> write_all(Buffers buffers);
  Task<bool> write_rest(Buffers buffers);

  Worker& worker_;
  Core& core_;
  std::shared_ptr<Generation> generation_;  ///< Of the request under way.
  asio::ip::tcp::socket socket_;
  const asio::ip::address peer_;
  const std::string peer_text_;
  asio::ip::address client_address_;
  asio::cancellation_signal cancel_;
  std::int64_t deadline_ms_ = 0;
  bool timed_out_ = false;
  bool listed_ = true;
  bool busy_ = false;
  bool aborted_ = false;

  // Bytes that came and are not used yet. The head of the request under way stays in front of them.
  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;

  Exchange exchange_;
  Request request_;
  std::optional<RequestParser> parser_;

  bool head_fresh_ = true;       // nothing was served on this connection yet
  bool must_close_ = false;      // the framing is lost, or the client is
  bool keep_ = false;            // what the head of the response told
  bool linger_ = false;          // the client may still be sending when the connection ends
  bool continue_due_ = false;    // the client waits for 100 before it sends
  std::uint64_t body_left_ = 0;  // of a sized body
  bool body_done_ = true;
  std::vector<char> chunks_;  // undecoded bytes of a chunked body
  std::size_t chunks_used_ = 0;
  std::vector<char> pipelined_;    // what came behind it
  std::size_t slow_bytes_ = 0;     // of the body since the last full 1 KiB,
  std::int64_t slow_wait_ms_ = 0;  // and how long they took
};

}  // namespace drawbridge::http
