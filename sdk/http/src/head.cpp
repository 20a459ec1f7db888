#include "head.h"

#include <algorithm>
#include <cstring>

namespace drawbridge::http {
namespace beast = boost::beast;
namespace {

constexpr std::size_t max_fields = 100;

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void RequestHead::clear() {
  fields.clear();
  method = path = query = {};
  content_length.reset();
  chunked = keep_alive = expects_continue = false;
  http11 = true;
}

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (const auto& item : fields) {
    if (same_name(item.name, name)) return item.value;
  }
  return std::nullopt;
}

RequestParser::RequestParser(RequestHead& head) : head_(head) {
  eager(false);
  header_limit(UINT32_MAX);  // the caller's buffer is the limit
  body_limit(boost::none);   // the handler's reading is the limit
}

HeadError RequestParser::parse_head(std::string_view bytes) {
  head_.clear();
  source_ = bytes;
  error_code error;
  put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (folded_) return {400, "a header is folded over several lines"};
  if (head_.fields.size() > max_fields) return {431, "the request has more than 100 headers"};
  if (error == beast::http::error::bad_version) return {400, "the request line is not that of HTTP/1.0 or 1.1"};
  if (error || !is_header_done()) return {400, "the head of the request is malformed"};
  in_trailer_ = true;
  return check();
}

HeadError RequestParser::check() const {
  if (codings_ > 0 && (lengths_ > 0 || version_ < 11)) return {400, "the length of the body is ambiguous"};
  if (lengths_ > 1 || codings_ > 1) return {400, "the length of the body is told more than once"};
  if (codings_ == 1 && !only_chunked_) return {501, "no transfer coding but chunked is supported"};
  if (hosts_ > 1 || (version_ == 11 && hosts_ == 0)) return {400, "the request must have one Host header"};
  if (head_.path.empty() || head_.path.front() != '/') return {400, "the target of the request must be a path"};
  head_.keep_alive = keep_alive();
  head_.chunked = codings_ == 1;
  if (!head_.chunked) head_.content_length = content_length().value_or(0);
  head_.expects_continue = head_.expects_continue && version_ == 11;
  return {};
}

void RequestParser::on_request_impl(verb, string_view method, string_view target, int version, error_code&) {
  head_.method = std_view(method);
  version_ = version;
  head_.http11 = version == 11;
  set_target(std_view(target));
}

void RequestParser::set_target(std::string_view target) {
  // A proxy may send the absolute form (RFC 9112 §3.2.2); its authority is of no interest here.
  if (target.size() > 7 && same_name(target.substr(0, 7), "http://")) {
    const auto slash = target.find('/', 7);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const auto question = std::min(target.find('?'), target.size());
  head_.path = target.substr(0, question);
  if (question < target.size()) head_.query = target.substr(question + 1);
}

void RequestParser::on_field_impl(field id, string_view name, string_view value, error_code& error) {
  if (in_trailer_) return;
  // A folded value was put together in the parser's own buffer.
  const auto* const end = source_.data() + source_.size();
  if (!value.empty() && (value.data() < source_.data() || value.data() >= end)) folded_ = true;
  if (folded_ || head_.fields.size() > max_fields) {
    error = beast::http::error::bad_value;
    return;
  }
  head_.fields.push_back({std_view(name), std_view(value)});
  if (id == field::host) {
    ++hosts_;
  } else if (id == field::content_length) {
    ++lengths_;
    // The parser takes a list of equal lengths; another server may not.
    if (value.find(',') != string_view::npos) ++lengths_;
  } else if (id == field::transfer_encoding) {
    ++codings_;
    only_chunked_ = only_chunked_ && same_name(std_view(value), "chunked");
  } else if (id == field::expect) {
    head_.expects_continue = same_name(std_view(value), "100-continue");
  }
}

RequestParser::Decoded RequestParser::decode(std::string_view in, MutableBytes out) {
  Decoded result;
  out_ = out;
  written_ = 0;
  while (!is_done() && written_ < out.size()) {
    error_code error;
    const auto rest = in.substr(result.consumed);
    if (rest.empty()) break;
    result.consumed += put(boost::asio::buffer(rest.data(), rest.size()), error);
    if (error == beast::http::error::need_more) break;
    if (error) {
      result.malformed = true;
      break;
    }
  }
  result.written = written_;
  result.done = is_done();
  return result;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view body, error_code&) {
  const auto count = std::min(body.size(), out_.size() - written_);
  if (count > 0) std::memcpy(out_.data() + written_, body.data(), count);
  written_ += count;
  return count;
}

}  // namespace drawbridge::http
