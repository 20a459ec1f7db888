#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "connection.h"

namespace drawbridge::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t chunk_buffer_bytes = 16 * 1024;
constexpr std::size_t progress_bytes = 1024;
constexpr std::uint64_t linger_bytes = 16_MiB;
constexpr Milliseconds linger_timeout{1000};

}  // namespace

void Connection::begin_body() {
  const auto& head = exchange_.head;
  body_left_ = head.content_length.value_or(0);
  body_done_ = !head.chunked && body_left_ == 0;
  continue_due_ = head.expects_continue && !body_done_;
  slow_bytes_ = 0;
  slow_wait_ms_ = 0;
  if (!head.chunked) return;
  // Decoded from a buffer of its own, so that the head stays where it is.
  chunks_.resize(std::max(chunk_buffer_bytes, end_ - begin_));
  chunks_used_ = end_ - begin_;
  std::memcpy(chunks_.data(), in_.data() + begin_, chunks_used_);
  end_ = begin_;
}

Task<std::size_t> Connection::read_body(MutableBytes out) {
  if (body_done_ || out.empty()) co_return 0;
  if (must_close_) throw Error(Code::unavailable, "the connection is lost");
  if (continue_due_) co_await send_continue();
  if (exchange_.head.chunked) co_return co_await read_chunked(out);
  co_return co_await read_sized(out);
}

Task<> Connection::send_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  continue_due_ = false;
  const Buffers buffers{asio::buffer(text)};
  const bool sent = co_await write_all(buffers);
  if (!sent) throw Error(Code::unavailable, "the client is gone");
}

Task<std::size_t> Connection::read_sized(MutableBytes out) {
  auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), body_left_));
  if (const auto ready = buffered(); !ready.empty()) {
    count = std::min(count, ready.size());
    std::memcpy(out.data(), ready.data(), count);
    begin_ += count;
  } else {
    count = co_await receive_body(asio::buffer(out.data(), count));
  }
  body_left_ -= count;
  body_done_ = body_left_ == 0;
  co_return count;
}

Task<std::size_t> Connection::read_chunked(MutableBytes out) {
  for (;;) {
    const auto decoded = parser_->decode({chunks_.data(), chunks_used_}, out);
    if (decoded.consumed > 0) {
      std::memmove(chunks_.data(), chunks_.data() + decoded.consumed, chunks_used_ - decoded.consumed);
      chunks_used_ -= decoded.consumed;
    }
    if (decoded.done) end_body();
    if (decoded.done || decoded.written > 0) co_return decoded.written;
    if (decoded.malformed || chunks_used_ == chunks_.size()) {
      must_close_ = true;
      throw StatusError(400, Code::invalid, "the chunked body is malformed");
    }
    chunks_used_ += co_await receive_body(asio::buffer(chunks_.data() + chunks_used_, chunks_.size() - chunks_used_));
  }
}

// What came behind a chunked body belongs to the next request. It waits until the head is of no more use.
void Connection::end_body() {
  body_done_ = true;
  pipelined_.assign(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(chunks_used_));
  chunks_used_ = 0;
}

void Connection::take_pipelined() {
  const auto needed = end_ + pipelined_.size();
  if (in_.size() < needed) in_.resize(needed);
  std::memcpy(in_.data() + end_, pipelined_.data(), pipelined_.size());
  end_ = needed;
  pipelined_.clear();
}

// Throws when the client sends no more, or too slowly: each 1 KiB has to come within the body timeout.
Task<std::size_t> Connection::receive_body(asio::mutable_buffer into) {
  const auto begun_ms = worker_.now_ms();
  set_deadline(options().body_timeout - Milliseconds(slow_wait_ms_));
  const auto [error, count] = co_await socket_.async_read_some(into, awaiting);
  clear_deadline();
  if (error) {
    must_close_ = true;
    if (timed_out_) throw StatusError(408, Code::unavailable, "the body of the request came too slowly");
    const auto length = exchange_.head.content_length;
    if (!length) throw Error(Code::invalid, "the body breaks off");
    throw Error(Code::invalid, fmt::format("the body breaks off: {} of {} bytes came", *length - body_left_, *length));
  }
  slow_bytes_ += count;
  slow_wait_ms_ += worker_.now_ms() - begun_ms;
  if (slow_bytes_ >= progress_bytes) {
    slow_bytes_ = 0;
    slow_wait_ms_ = 0;
  }
  co_return count;
}

// Reads over the rest of a body that no handler wanted. Returns whether the next request can be read.
Task<bool> Connection::drain_body() {
  Bytes scratch(16 * 1024);
  try {
    while (!body_done_) co_await read_body(scratch);
  } catch (const Error&) {
    co_return false;
  }
  co_return true;
}

// A socket that is closed with unread bytes resets the connection, and the client may never see the response. So the
// rest is read over for a moment.
Task<> Connection::linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  set_deadline(linger_timeout);
  std::uint64_t total = 0;
  while (total < linger_bytes) {
    const auto [error, count] = co_await socket_.async_read_some(asio::buffer(in_), awaiting);
    total += count;
    if (error || timed_out_) break;
  }
  clear_deadline();
}

}  // namespace drawbridge::http
