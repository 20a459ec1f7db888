#include "connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "address.h"
#include "work.h"

namespace drawbridge::tls {
namespace {

using boost::system::error_code;

constexpr std::size_t batch_bytes = 256 * 1024;
constexpr std::size_t flush_bytes = 64 * 1024;
constexpr std::size_t record_bytes = 16 * 1024;
constexpr std::size_t max_forced_output = 1024 * 1024;

}  // namespace

/// Closes the socket when an exchange takes too long. Lives and fires on the strand.
class Connection::Deadline {
 public:
  Deadline(std::shared_ptr<Connection> connection, Milliseconds timeout)
      : timer_(connection->strand_, timeout), state_(std::make_shared<State>(State::armed)) {
    timer_.async_wait([connection, state = state_](const error_code& ec) {
      if (ec || *state != State::armed) return;
      *state = State::expired;
      error_code ignored;
      connection->socket_.close(ignored);
    });
  }
  ~Deadline() {
    if (*state_ == State::armed) *state_ = State::disarmed;
  }
  /// The same error, or that the time is over.
  Error explain(const Error& error, const char* what) const {
    if (*state_ != State::expired) return error.within(what);
    return {Code::unavailable, std::string(what) + ": timed out"};
  }

 private:
  enum class State { armed, disarmed, expired };
  asio::steady_timer timer_;
  std::shared_ptr<State> state_;
};

Connection::Connection(std::shared_ptr<ConnectionOwner> owner, const Context& context, asio::ip::tcp::socket socket,
                       Strand strand, bool dialed, const Limits& limits)
    : owner_(std::move(owner)),
      strand_(std::move(strand)),
      dialed_(dialed),
      limits_(limits),
      socket_(std::move(socket)),
      session_(context, !dialed, [this](BytesView key) { return owner_->judge(*this, key); }),
      last_received_(SteadyClock::now().time_since_epoch().count()),
      next_local_(dialed ? 1 : 2) {
  error_code ec;
  const auto endpoint = socket_.remote_endpoint(ec);
  if (!ec) remote_address_ = to_text(endpoint);
}

Task<> Connection::connect(asio::ip::tcp::endpoint endpoint, Milliseconds timeout) {
  remote_address_ = to_text(endpoint);
  const Deadline deadline(shared_from_this(), timeout);
  error_code ec;
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) throw deadline.explain(Error(Code::unavailable, ec.message()), "connect");
}

Task<> Connection::handshake(Hello own, Milliseconds timeout) {
  const Deadline deadline(shared_from_this(), timeout);
  own_hello_ = std::move(own);
  own_hello_.window = limits_.window;
  own_hello_.max_streams = limits_.max_streams;
  error_code ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  try {
    co_await tls_handshake();
    description_ = session_.describe();
    co_await exchange_hello();
  } catch (const Error& error) {
    throw deadline.explain(error, "handshake");
  }
}

Task<> Connection::tls_handshake() {
  for (;;) {
    std::optional<Error> failure;
    bool complete = false;
    try {
      complete = session_.handshake();
    } catch (const Error& error) {
      failure.emplace(error);
    }
    co_await flush();
    if (failure) {
      co_await linger();
      throw Error(*failure);
    }
    if (complete) co_return;
    co_await receive_some();
  }
}

// Closing with unread input resets the connection, and the peer might never see the alert that says why.
Task<> Connection::linger() {
  error_code ec;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  std::array<char, 1024> unread;
  for (int i = 0; i < 64 && !ec; ++i) {
    co_await socket_.async_read_some(asio::buffer(unread), asio::redirect_error(asio::use_awaitable, ec));
  }
}

Task<> Connection::exchange_hello() {
  std::vector<Frame> hello;
  hello.push_back(encode_hello(own_hello_));
  co_await write_frames(hello);
  std::optional<Frame> answer;
  for (;;) {
    answer = frames_.next(session_);
    if (answer) break;
    co_await receive_some();
  }
  if (answer->type != FrameType::hello) throw Error(Code::invalid, "the peer's first frame is no hello");
  peer_hello_ = parse_hello(answer->payload);
}

Task<> Connection::flush() {
  while (!session_.output().empty()) {
    flushing_.clear();
    std::swap(flushing_, session_.output());
    // Not asio::async_write, which gives the system at most 64 KiB at once.
    for (std::size_t done = 0; done < flushing_.size();) {
      error_code ec;
      done += co_await socket_.async_write_some(asio::buffer(flushing_.data() + done, flushing_.size() - done),
                                                asio::redirect_error(asio::use_awaitable, ec));
      if (ec) throw Error(Code::unavailable, "the connection was lost: " + ec.message());
    }
  }
}

Task<> Connection::receive_some() {
  const MutableBytes room = session_.input_room();
  error_code ec;
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                           asio::redirect_error(asio::use_awaitable, ec));
  if (ec == asio::error::eof) throw Error(Code::unavailable, "the peer closed the connection");
  if (ec) throw Error(Code::unavailable, "the connection was lost: " + ec.message());
  session_.input_filled(got);
  last_received_ = SteadyClock::now().time_since_epoch().count();
}

Task<> Connection::read_loop() {
  const auto self = shared_from_this();
  while (!closed()) {
    process_input();  // what came with the handshake, at first
    if (closed()) co_return;
    co_await receive_some();
  }
}

void Connection::process_input() {
  try {
    while (std::optional<Frame> frame = frames_.next(session_)) on_frame(std::move(*frame));
  } catch (const Error& error) {
    if (error.code() == Code::unavailable) throw;
    throw error.within("the peer broke the protocol");
  }
  // TLS's own answers, to key updates.
  if (session_.output().size() > max_forced_output)
    throw Error(Code::invalid, "the peer broke the protocol: too many key updates");
  if (!session_.output().empty()) writable_.notify();
}

Task<> Connection::write_loop() {
  const auto self = shared_from_this();
  for (;;) {
    const auto seen = writable_.version();
    const std::vector<Frame> batch = take_batch();
    if (!batch.empty() || !session_.output().empty()) {
      co_await write_frames(batch);
      batch_written(batch);
    } else if (closed()) {
      co_return;
    } else if (written_out()) {
      session_.close();
      co_await flush();
      // The read loop goes on until the peer has closed too: to close now could reset the connection under what was
      // just sent.
      error_code ignored;
      socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      co_return;
    } else {
      co_await writable_.wait(seen);
    }
  }
}

// Small frames share a record; the payload of a large one is encrypted from where it is. Bytes go out while they are
// still in the processor's cache.
Task<> Connection::write_frames(const std::vector<Frame>& batch) {
  for (const Frame& frame : batch) {
    const FrameHeader header = encode_header(frame);
    const bool small = frame.payload.size() < record_bytes / 2;
    if (staging_.size() + header.size() + (small ? frame.payload.size() : 0) > record_bytes) write_staging();
    append(staging_, BytesView(header));
    if (small) {
      append(staging_, BytesView(frame.payload));
      continue;
    }
    write_staging();
    for (BytesView rest = frame.payload; !rest.empty();) {
      const std::size_t now = std::min(rest.size(), flush_bytes);
      session_.write(rest.first(now));
      rest = rest.subspan(now);
      if (session_.output().size() >= flush_bytes) co_await flush();
    }
  }
  write_staging();
  co_await flush();
}

void Connection::write_staging() {
  session_.write(staging_);
  staging_.clear();
}

std::vector<Frame> Connection::take_batch() {
  const std::lock_guard lock(mutex_);
  std::vector<Frame> batch;
  if (closed_) return batch;
  std::size_t bytes = 0;
  const auto take = [&](std::deque<Frame>& from) {
    bytes += from.front().payload.size() + frame_header_bytes;
    batch.push_back(std::move(from.front()));
    from.pop_front();
  };
  while (!control_.empty()) take(control_);
  while (!ready_.empty() && bytes < batch_bytes) {
    StreamPtr stream = std::move(ready_.front());
    ready_.pop_front();
    if (!stream->outbox.empty()) take(stream->outbox);
    stream->scheduled = !stream->outbox.empty();
    if (stream->scheduled) ready_.push_back(std::move(stream));
  }
  return batch;
}

void Connection::batch_written(const std::vector<Frame>& batch) {
  {
    const Work work(*this);
    if (closed_) return;
    for (const Frame& frame : batch) {
      if (frame.type == FrameType::data) queued_bytes_ -= message_cost(frame.payload.size());
      if (frame.type != FrameType::end && frame.type != FrameType::reset) continue;
      const auto found = streams_.find(frame.stream);
      if (found == streams_.end()) continue;
      const StreamPtr stream = found->second;
      stream->end_sent = true;
      if (frame.type == FrameType::reset) remove(*stream);
      remove_if_over(*stream);
    }
  }
  room_.notify();
}

bool Connection::written_out() const {
  const std::lock_guard lock(mutex_);
  return closing_ && control_.empty() && ready_.empty();
}

bool Connection::usable() const {
  const std::lock_guard lock(mutex_);
  return !closed_ && !closing_ && !retired_ && !peer_retired_;
}

bool Connection::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t Connection::live_streams() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

std::string Connection::failure_text() const {
  const std::lock_guard lock(mutex_);
  return failure_text_;
}

SteadyClock::duration Connection::silence() const {
  return SteadyClock::now().time_since_epoch() - SteadyClock::duration(last_received_.load());
}

void Connection::close_gracefully() {
  const Work work(*this);
  closing_ = has_output_ = true;
}

void Connection::fail(const std::string& why) {
  {
    const Work work(*this);
    if (closed_) return;
    closed_ = has_output_ = has_changed_ = true;
    failure_text_ = why;
    const Error lost(Code::unavailable, why);
    for (const auto& [id, stream] : streams_) {
      stream->over = true;
      if (!stream->failure) stream->failure.emplace(lost);
      stream->outbox.clear();
      stream->changed.notify();
    }
    streams_.clear();
    control_.clear();
    ready_.clear();
    queued_bytes_ = 0;
    local_streams_ = remote_streams_ = 0;
  }
  room_.notify();
  asio::post(strand_, [self = shared_from_this()] {
    error_code ignored;
    self->socket_.close(ignored);
  });
}

}  // namespace drawbridge::tls
