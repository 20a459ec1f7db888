#include "response_reader.h"

#include <cstring>

namespace drawbridge::http {
namespace beast = boost::beast;
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr const char* broken_off = "the answer of the node breaks off";

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

Error not_http() {
  return {Code::unavailable, "the answer is not that of an HTTP server", "check the node's address and port"};
}

}  // namespace

class ResponseReader::Parser final : public beast::http::basic_parser<false> {
 public:
  explicit Parser(ClientResponse& response) : response_(response) {
    eager(false);
    header_limit(buffer_bytes);
    body_limit(boost::none);
  }
  std::function<void(BytesView)> on_body;

 private:
  using error_code = beast::error_code;
  using string_view = beast::string_view;

  void on_request_impl(beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { response_.status = status; }
  void on_field_impl(beast::http::field, string_view name, string_view value, error_code&) override {
    if (!is_header_done()) response_.headers.emplace_back(text_of(name), text_of(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return give(body); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return give(body); }
  void on_finish_impl(error_code&) override {}

  std::size_t give(string_view body) {
    if (!body.empty()) on_body({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
    return body.size();
  }

  ClientResponse& response_;
};

void ResponseReader::ParserDeleter::operator()(Parser* parser) const {
  delete parser;
}

ResponseReader::ResponseReader(ClientSocket& socket, bool head_only, std::uint64_t max_body_bytes)
    : socket_(socket), head_only_(head_only), max_body_bytes_(max_body_bytes), buffer_(buffer_bytes) {}

// Returns false at the end of the stream.
bool ResponseReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) throw not_http();
  const auto count = socket_.read(MutableBytes(buffer_).subspan(end_));
  end_ += count;
  return count > 0;
}

// Reads a head that is not one of 1xx. Returns false when the buffer holds no whole one yet.
bool ResponseReader::parse_head(ClientResponse& response) {
  for (;;) {
    const auto bytes = text_view(BytesView(buffer_).subspan(begin_, end_ - begin_));
    if (bytes.find("\r\n\r\n") == std::string_view::npos) return false;
    response = {};
    parser_.reset(new Parser(response));
    if (head_only_) parser_->skip(true);
    beast::error_code error;
    begin_ += parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error) throw not_http();
    if (response.status >= 200) return true;
  }
}

bool ResponseReader::read_continue() {
  ClientResponse interim;
  for (;;) {
    const auto bytes = text_view(BytesView(buffer_).subspan(begin_, end_ - begin_));
    const auto end = bytes.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      if (bytes.substr(0, 12) != "HTTP/1.1 100") return false;
      begin_ += end + 4;
      return true;
    }
    if (!fill()) throw StaleConnection(Code::unavailable, "the node closed the connection");
  }
}

bool ResponseReader::has_answer() {
  if (end_ > begin_) return true;
  try {
    return socket_.wait_readable(Milliseconds(200)) && fill();
  } catch (const ConnectionLost&) {
    return false;
  }
}

ClientResponse ResponseReader::read_head() {
  ClientResponse response;
  while (!parse_head(response)) {
    const bool nothing_yet = begin_ == end_;
    bool more = false;
    try {
      more = fill();
    } catch (const ConnectionLost& lost) {
      if (nothing_yet) throw StaleConnection(lost.code(), lost.what(), lost.hint());
      throw;
    }
    if (!more && nothing_yet)
      throw StaleConnection(Code::unavailable, "the node closed the connection without an answer");
    if (!more) throw ConnectionLost(Code::unavailable, broken_off);
  }
  return response;
}

void ResponseReader::read_body(ClientResponse& response, const BodySink& sink, const Progress& progress) {
  // `parse_head` bound the parser to a response that has been moved since; it only gives the body from here on.
  const auto length = parser_->content_length();
  const std::optional<std::uint64_t> total = length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  std::uint64_t done = 0;
  parser_->on_body = [&](BytesView piece) {
    done += piece.size();
    if (sink) {
      sink(piece);
    } else if (done > max_body_bytes_) {
      throw Error(Code::too_large, "the answer is longer than " + size_text(max_body_bytes_));
    } else {
      response.body += text_view(piece);
    }
    if (progress) progress(done, total);
  };
  while (!parser_->is_done()) {
    beast::error_code error;
    if (end_ > begin_) begin_ += parser_->put(boost::asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
    const bool hungry = begin_ == end_ || error == beast::http::error::need_more;
    if (error && !hungry) throw not_http();
    if (parser_->is_done() || !hungry) continue;
    if (fill()) continue;
    parser_->put_eof(error);
    if (error) throw ConnectionLost(Code::unavailable, broken_off);
  }
  reusable_ = parser_->keep_alive() && begin_ == end_;
}

bool ResponseReader::reusable() const {
  return reusable_;
}

}  // namespace drawbridge::http
