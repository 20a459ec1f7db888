// The frames and streams of a connection; its life and its loops are in connection.cpp.
#include <algorithm>

#include "work.h"

namespace drawbridge::tls {
namespace {

constexpr std::size_t max_answers = 4096;
constexpr std::uint64_t max_peer_streams = 65536;

[[noreturn]] void violation(const std::string& what) {
  throw Error(Code::invalid, what);
}

}  // namespace

void Connection::on_frame(Frame frame) {
  switch (frame.type) {
    case FrameType::hello:
      violation("a second hello");
    case FrameType::open:
      return on_open(frame);
    case FrameType::retire:
      return on_retire();
    case FrameType::ping: {
      const Work work(*this);
      return queue_answer({FrameType::pong, 0, std::move(frame.payload)});
    }
    case FrameType::pong: {
      const Work work(*this);
      ping_sent_ = false;
      return;
    }
    default:
      break;
  }
  const Work work(*this);
  const StreamPtr stream = stream_of(frame);
  if (!stream) return;
  if (frame.type == FrameType::data) on_data(*stream, std::move(frame.payload));
  if (frame.type == FrameType::credit) on_credit(*stream, frame.payload);
  if (frame.type == FrameType::end) on_end(*stream);
  if (frame.type == FrameType::reset) on_reset(*stream, frame.payload);
}

void Connection::on_open(const Frame& frame) {
  if (!is_utf8(text_view(frame.payload))) violation("a protocol's name that is no text");
  const StreamPtr stream = accept_number(frame.stream);
  if (!stream) return;
  std::optional<Error> refusal;
  try {
    Transport::Handler handler = owner_->accept(*this, to_text(frame.payload));
    owner_->run_handler(shared_from_this(), stream, std::move(handler));
  } catch (const Error& error) {
    refusal.emplace(error);
  }
  if (refusal) complete(stream, refusal);
}

Connection::StreamPtr Connection::accept_number(std::uint64_t number) {
  const Work work(*this);
  if (closed_) return nullptr;
  const bool odd = number % 2 == 1;
  if (odd == dialed_ || number <= last_remote_) violation("stream " + std::to_string(number) + " opened out of turn");
  if (peer_retired_) violation("a stream opened after retiring");
  last_remote_ = number;
  if (remote_streams_ >= limits_.max_streams) {
    queue_answer(encode_reset(
        number, Code::busy,
        "the peer serves no more than " + std::to_string(limits_.max_streams) + " streams of one connection at once"));
    return nullptr;
  }
  ++remote_streams_;
  auto stream = std::make_shared<StreamState>(number, false, peer_hello_.window, limits_.window);
  streams_.emplace(number, stream);
  return stream;
}

// Null for a stream that has ended here.
Connection::StreamPtr Connection::stream_of(const Frame& frame) const {
  const auto found = streams_.find(frame.stream);
  if (found != streams_.end()) return found->second;
  const bool local = (frame.stream % 2 == 1) == dialed_;
  const bool existed = local ? frame.stream < next_local_ : frame.stream <= last_remote_;
  if (!existed && !closed_)
    violation("a frame for stream " + std::to_string(frame.stream) + ", which was never opened");
  return nullptr;
}

void Connection::on_data(StreamState& stream, Bytes message) {
  if (stream.peer_ended) violation("a message after the end of its stream");
  const std::uint64_t cost = message_cost(message.size());
  if (cost > stream.receive_credit) violation("a message beyond the credit of its stream");
  stream.receive_credit -= cost;
  if (stream.discarding) return return_credit(stream, cost);
  stream.inbox.push_back(std::move(message));
  stream.changed.notify();
}

void Connection::on_credit(StreamState& stream, BytesView payload) {
  const std::uint32_t more = load_u32be(payload);
  if (more == 0 || stream.send_credit + more > peer_hello_.window) violation("wrong credit");
  stream.send_credit += more;
  stream.changed.notify();
}

void Connection::on_end(StreamState& stream) {
  if (stream.peer_ended) violation("a second end of a stream");
  stream.peer_ended = true;
  stream.changed.notify();
  remove_if_over(stream);
}

void Connection::on_reset(StreamState& stream, BytesView payload) {
  const Error error = parse_reset(payload);
  if (!stream.failure) stream.failure.emplace(error);
  for (const Frame& frame : stream.outbox) {
    if (frame.type == FrameType::data) queued_bytes_ -= message_cost(frame.payload.size());
  }
  stream.outbox.clear();
  stream.changed.notify();
  room_.notify();
  remove(stream);
}

void Connection::on_retire() {
  const Work work(*this);
  peer_retired_ = has_changed_ = true;
  if (!retired_) {
    retired_ = true;
    queue_control({FrameType::retire, 0, {}});
  }
  check_retired();
}

void Connection::retire() {
  const Work work(*this);
  if (retired_ || closed_) return;
  retired_ = has_changed_ = true;
  queue_control({FrameType::retire, 0, {}});
  check_retired();
}

void Connection::check_retired() {
  if (retired_ && peer_retired_ && streams_.empty()) closing_ = has_output_ = true;
}

void Connection::ping() {
  const Work work(*this);
  if (closed_ || ping_sent_) return;
  ping_sent_ = true;
  queue_control({FrameType::ping, 0, Bytes(8)});
}

std::shared_ptr<StreamState> Connection::open(const std::string& protocol) {
  const Work work(*this);
  if (closed_ || closing_ || retired_ || peer_retired_) return nullptr;
  if (local_streams_ >= std::min(peer_hello_.max_streams, max_peer_streams)) {
    throw Error(Code::busy,
                "the peer serves no more than " + std::to_string(peer_hello_.max_streams) + " streams at once");
  }
  const std::uint64_t id = next_local_;
  next_local_ += 2;
  ++local_streams_;
  auto stream = std::make_shared<StreamState>(id, true, peer_hello_.window, limits_.window);
  streams_.emplace(id, stream);
  queue_control({FrameType::open, id, to_bytes(protocol)});
  return stream;
}

Wakeup* Connection::push(const StreamPtr& stream, Bytes& message) {
  const Work work(*this);
  if (stream->failure) throw Error(*stream->failure);
  if (stream->finished) throw Error(Code::invalid, "this side of the stream is finished");
  const std::uint64_t cost = message_cost(message.size());
  if (stream->send_credit < cost) return &stream->changed;
  if (queued_bytes_ >= limits_.max_queued_bytes) return &room_;
  stream->send_credit -= cost;
  queued_bytes_ += cost;
  queue_frame(stream, {FrameType::data, stream->id, std::move(message)});
  return nullptr;
}

Connection::Next Connection::pop(const StreamPtr& stream) {
  const Work work(*this);
  if (stream->inbox.empty()) {
    if (stream->peer_ended) return {true, std::nullopt};
    if (stream->failure) throw Error(*stream->failure);
    return {};
  }
  Next next{true, std::move(stream->inbox.front())};
  stream->inbox.pop_front();
  return_credit(*stream, message_cost(next.message->size()));
  return next;
}

void Connection::finish(const StreamPtr& stream) {
  const Work work(*this);
  if (stream->finished) return;
  if (stream->failure) throw Error(*stream->failure);
  stream->finished = true;
  queue_frame(stream, {FrameType::end, stream->id, {}});
}

void Connection::complete(const StreamPtr& stream, const std::optional<Error>& error) {
  const Work work(*this);
  if (stream->over) return;
  stream->discarding = true;
  if (error) {
    stream->finished = true;
    queue_frame(stream, encode_reset(stream->id, error->code(), error->what()));
  } else if (!stream->finished) {
    stream->finished = true;
    queue_frame(stream, {FrameType::end, stream->id, {}});
  }
  for (const Bytes& message : stream->inbox) return_credit(*stream, message_cost(message.size()));
  stream->inbox.clear();
}

void Connection::drop(const StreamPtr& stream) {
  const Work work(*this);
  stream->inbox.clear();
  const bool finished = stream->finished && (stream->peer_ended || stream->discarding);
  stream->discarding = true;
  if (stream->over || finished) return;
  stream->finished = true;
  // After what was sent: a reader gets that first.
  queue_frame(stream, encode_reset(stream->id, Code::unavailable, "the peer dropped the stream before its end"));
}

void Connection::queue_control(Frame frame) {
  if (closed_) return;
  control_.push_back(std::move(frame));
  has_output_ = true;
}

// What the peer makes this side say: it could ask without ever reading.
void Connection::queue_answer(Frame frame) {
  if (control_.size() >= max_answers) violation("too many questions without reading the answers");
  queue_control(std::move(frame));
}

void Connection::queue_frame(const StreamPtr& stream, Frame frame) {
  if (closed_) return;
  stream->outbox.push_back(std::move(frame));
  has_output_ = true;
  if (std::exchange(stream->scheduled, true)) return;
  ready_.push_back(stream);
}

void Connection::return_credit(StreamState& stream, std::uint64_t amount) {
  stream.credit_due += amount;
  // Seldom, but before the peer could lack the credit for the largest message.
  const std::uint64_t due = std::min(limits_.window / 2, limits_.window - Stream::max_message_bytes);
  if (stream.over || stream.peer_ended || stream.credit_due < due) return;
  stream.receive_credit += stream.credit_due;
  queue_control(encode_credit(stream.id, static_cast<std::uint32_t>(std::exchange(stream.credit_due, 0))));
}

void Connection::remove_if_over(StreamState& stream) {
  if (stream.end_sent && stream.peer_ended) remove(stream);
}

void Connection::remove(StreamState& stream) {
  if (std::exchange(stream.over, true)) return;
  --(stream.local ? local_streams_ : remote_streams_);
  streams_.erase(stream.id);  // whoever called holds the stream
  if (streams_.empty()) has_changed_ = true;
  check_retired();
}

// --- the user's handle

Task<> TlsStream::send(Bytes message) {
  if (message.size() > max_message_bytes) {
    throw Error(Code::too_large, "a message has at most " + std::to_string(max_message_bytes) + " bytes");
  }
  const auto connection = connection_;
  const auto state = state_;
  for (;;) {
    const auto credit_seen = state->changed.version();
    const auto room_seen = connection->room_version();
    Wakeup* const wait = connection->push(state, message);
    if (wait == nullptr) co_return;
    co_await wait->wait(wait == &state->changed ? credit_seen : room_seen);
  }
}

Task<std::optional<Bytes>> TlsStream::receive() {
  const auto connection = connection_;
  const auto state = state_;
  for (;;) {
    const auto seen = state->changed.version();
    Connection::Next next = connection->pop(state);
    if (next.ready) co_return std::move(next.message);
    co_await state->changed.wait(seen);
  }
}

Task<> TlsStream::finish() {
  connection_->finish(state_);
  co_return;
}

}  // namespace drawbridge::tls
