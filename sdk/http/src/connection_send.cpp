#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connection.h"

namespace drawbridge::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t drain_bytes = 64_KiB;     // an unwanted body of this size costs less than a new connection
constexpr std::size_t copied_body_bytes = 8_KiB;  // up to here copying is cheaper than a gathered write
constexpr std::size_t turn_bytes = 256_KiB;       // then other connections get a turn, and who prepares the next bytes

BytesView whole_body(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body())) return view(*text);
  if (const auto* bytes = std::get_if<Bytes>(&response.body())) return *bytes;
  return {};
}

bool has_no_body(int status) {
  return status == 204 || status == 304 || (status >= 100 && status < 200);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

asio::const_buffer buffer_of(BytesView bytes) {
  return asio::buffer(bytes.data(), bytes.size());
}

}  // namespace

// Whether the connection can serve another request after this one.
bool Connection::may_keep() const {
  if (must_close_ || !exchange_.head.keep_alive || core_.draining) return false;
  if (body_done_) return true;
  return !continue_due_ && !exchange_.head.chunked && body_left_ <= drain_bytes;
}

Connection::Framing Connection::framing_of(const Response& response) const {
  Framing framing;
  const auto* stream = std::get_if<Response::Stream>(&response.body());
  framing.length = stream ? stream->length : std::optional<std::uint64_t>(whole_body(response).size());
  // A chunked body needs HTTP/1.1; an older client reads to the end of the connection.
  framing.chunked = !framing.length && exchange_.head.http11;
  framing.has_body = exchange_.head.method != "HEAD" && !has_no_body(response.status());
  if (has_no_body(response.status())) framing.length.reset(), framing.chunked = false;
  return framing;
}

void Connection::write_head(const Response& response, const Framing& framing) {
  out_.clear();
  fmt::format_to(std::back_inserter(out_), FMT_COMPILE("HTTP/1.1 {} {}\r\n"), response.status(),
                 reason(response.status()));
  append_header(out_, "Date", worker_.date());
  if (!response.content_type().empty()) append_header(out_, "Content-Type", response.content_type());
  for (const auto& [name, value] : response.headers()) append_header(out_, name, value);
  if (framing.length) fmt::format_to(std::back_inserter(out_), FMT_COMPILE("Content-Length: {}\r\n"), *framing.length);
  if (framing.chunked) out_ += "Transfer-Encoding: chunked\r\n";
  append_header(out_, "X-Request-Id", exchange_.id);
  if (!keep_) {
    out_ += "Connection: close\r\n";
  } else if (!exchange_.head.http11) {
    out_ += "Connection: keep-alive\r\n";
  }
  out_ += "\r\n";
}

// Returns whether the connection goes on.
Task<bool> Connection::send(Response& response) {
  keep_ = may_keep();
  linger_ = !keep_ && (exchange_.head.keep_alive || !body_done_);
  const auto framing = framing_of(response);
  bool sent = false;
  if (std::holds_alternative<Response::Stream>(response.body()) && framing.has_body) {
    sent = co_await send_stream(response);
  } else {
    write_head(response, framing);
    const auto body = framing.has_body ? whole_body(response) : BytesView();
    Buffers buffers{};
    if (body.size() <= copied_body_bytes) {
      out_ += text_view(body);
    } else {
      buffers[1] = buffer_of(body);
    }
    buffers[0] = asio::buffer(out_);
    bool failed = false;
    sent = write_some(buffers, failed);
    if (!sent && !failed) sent = co_await write_rest(buffers);
  }
  if (!sent) linger_ = false;
  if (!sent || !keep_ || must_close_) co_return false;
  if (!body_done_) co_return co_await drain_body();
  co_return true;
}

// Writes what the socket takes at once; the buffers keep the rest. Returns whether that was all.
bool Connection::write_some(Buffers& buffers, bool& failed) {
  std::size_t left = asio::buffer_size(buffers);
  while (left > 0) {
    boost::system::error_code error;
    // One buffer is sent a little faster than a gathered list.
    const bool single = left == buffers[0].size();
    std::size_t count = single ? socket_.write_some(buffers[0], error) : socket_.write_some(buffers, error);
    if (error) {
      failed = error != asio::error::would_block && error != asio::error::try_again;
      return false;
    }
    left -= count;
    for (auto& buffer : buffers) {
      const auto part = std::min(count, buffer.size());
      buffer += part;
      count -= part;
    }
  }
  return true;
}

Task<bool> Connection::write_all(Buffers buffers) {
  bool failed = false;
  if (write_some(buffers, failed)) co_return true;
  if (failed) co_return false;
  co_return co_await write_rest(buffers);
}

Task<bool> Connection::write_rest(Buffers buffers) {
  bool failed = false;
  do {
    set_deadline(options().write_timeout);
    const auto [error] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, awaiting);
    clear_deadline();
    if (error) co_return false;
    if (write_some(buffers, failed)) co_return true;
  } while (!failed);
  co_return false;
}

// Sends the pieces of a streamed body; the head goes out with the first of them.
class Connection::StreamWriter final : public BodyWriter {
 public:
  StreamWriter(Connection& connection, const Response& response, Framing framing)
      : connection_(connection), response_(response), framing_(framing), left_(framing.length.value_or(0)) {}

  bool begun() const { return begun_; }

  Task<> write(BytesView bytes) override {
    if (framing_.length && bytes.size() > left_)
      throw Error(Code::internal, "a streamed response is longer than it promised");
    while (!bytes.empty()) {
      const BytesView piece = bytes.first(std::min(bytes.size(), turn_bytes - turn_));
      bytes = bytes.subspan(piece.size());
      const Buffers buffers = buffers_of(piece);
      const bool sent = co_await connection_.write_all(buffers);
      if (!sent) throw Error(Code::unavailable, "the client is gone or takes nothing any more");
      turn_ += piece.size();
      if (turn_ < turn_bytes) continue;
      turn_ = 0;
      co_await asio::post(connection_.worker_.executor(), asio::use_awaitable);
    }
  }

  Task<bool> end() {
    if (framing_.length && left_ > 0) throw Error(Code::internal, "a streamed response is shorter than it promised");
    Buffers buffers{};
    buffers[0] = begin();
    if (framing_.chunked) buffers[1] = asio::buffer("0\r\n\r\n", 5);
    co_return co_await connection_.write_all(buffers);
  }

 private:
  Buffers buffers_of(BytesView piece) {
    Buffers buffers{};
    buffers[0] = begin();
    if (framing_.chunked) {
      size_line_ = fmt::format("{:x}\r\n", piece.size());
      buffers[1] = asio::buffer(size_line_);
      buffers[3] = asio::buffer("\r\n", 2);
    }
    buffers[2] = buffer_of(piece);
    left_ -= framing_.length ? piece.size() : 0;
    return buffers;
  }

  asio::const_buffer begin() {
    if (begun_) return {};
    begun_ = true;
    connection_.write_head(response_, framing_);
    return asio::buffer(connection_.out_);
  }

  Connection& connection_;
  const Response& response_;
  const Framing framing_;
  std::uint64_t left_;
  std::size_t turn_ = 0;
  std::string size_line_;
  bool begun_ = false;
};

Task<bool> Connection::send_stream(Response& response) {
  auto& stream = std::get<Response::Stream>(response.body());
  const auto framing = framing_of(response);
  if (!framing.length && !framing.chunked) keep_ = false;
  StreamWriter writer(*this, response, framing);
  std::exception_ptr error;
  bool sent = false;
  try {
    if (stream.write) co_await stream.write(writer);
    sent = co_await writer.end();
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return sent;
  Response answer = answer_error(error);
  // Too late to say why: the client sees a body that breaks off.
  if (writer.begun()) co_return false;
  response = std::move(answer);
  co_return co_await send(response);
}

}  // namespace drawbridge::http
