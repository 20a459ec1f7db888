#include "drawbridge/http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client_socket.h"
#include "head.h"
#include "response_reader.h"

namespace drawbridge::http {
namespace {

struct Url {
  std::string host;
  std::string port = "80";
  std::string authority;  // for the Host header
  std::string prefix;     // a path in front of every target
};

Url parse_url(std::string_view text) {
  const auto bad = [&](const char* why) {
    return Error(Code::invalid, fmt::format("'{}' is no address of a node: {}", text, why),
                 "write it like http://127.0.0.1:8081");
  };
  if (text.substr(0, 8) == "https://") throw bad("TLS is not spoken here");
  if (text.substr(0, 7) != "http://") throw bad("it must start with http://");
  auto rest = text.substr(7);
  Url url;
  const auto slash = std::min(rest.find('/'), rest.size());
  url.prefix = rest.substr(slash);
  while (!url.prefix.empty() && url.prefix.back() == '/') url.prefix.pop_back();
  rest = rest.substr(0, slash);
  if (rest.find_first_of("@?# \r\n") != std::string_view::npos) throw bad("it must be a host and a port only");
  url.authority = rest;
  const auto bracket = rest.find(']');
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) url.port = rest.substr(colon + 1);
  url.host = rest.substr(0, colon);
  if (url.host.size() > 2 && url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty() || url.port.empty() || url.port.find_first_not_of("0123456789") != std::string::npos)
    throw bad("the host or the port is missing");
  return url;
}

// What an answer of 400 and above says, in the words of the node where it is one of ours.
Error error_in(const ClientResponse& response) {
  Code code = code_of_status(response.status);
  std::string message = fmt::format("the server answers {} {}", response.status, reason(response.status));
  std::string hint;
  try {
    const auto body = parse_json(response.body);
    const auto text = [&](const char* name) -> std::string {
      const auto* value = body.is_object() ? body.get_object().if_contains(name) : nullptr;
      return value && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    if (auto given = text("error"); !given.empty()) message = std::move(given);
    if (const auto given = text("code"); !given.empty()) code = code_from_name(given);
    hint = text("hint");
  } catch (const Error&) {
    // Something between us and the node answers, in a language of its own.
  }
  return {code, message, hint};
}

bool has_line_break(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [own, value] : headers) {
    if (same_name(own, name)) return value;
  }
  return {};
}

struct Client::Impl {
  Impl(std::string_view base_url, std::string key, ClientOptions its_options)
      : url(parse_url(base_url)), api_key(std::move(key)), options(its_options) {}

  const Url url;
  const std::string api_key;
  const ClientOptions options;
  std::optional<ClientSocket> socket;

  std::string head_of(const ClientRequest& request) const;
  ClientResponse attempt(const ClientRequest& request);
  bool upload(const ClientRequest& request, ResponseReader& reader);
  static bool is_repeatable(const ClientRequest& request) {
    return !request.source && (request.method == "GET" || request.method == "HEAD" || request.method == "DELETE" ||
                               request.method == "PUT");
  }
};

Client::Client(std::string_view base_url, std::string api_key, ClientOptions options)
    : impl_(std::make_unique<Impl>(base_url, std::move(api_key), options)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

std::string Client::Impl::head_of(const ClientRequest& request) const {
  if (request.target.empty() || request.target.front() != '/' ||
      request.target.find_first_of(" \r\n") != std::string::npos || has_line_break(api_key)) {
    throw Error(Code::invalid, "a request needs a target that starts with a slash, and no line breaks");
  }
  std::string out = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: drawbridge\r\n", request.method,
                                url.prefix, request.target, url.authority);
  if (!api_key.empty()) out += "X-API-Key: " + api_key + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (has_line_break(name) || has_line_break(value))
      throw Error(Code::invalid, "the header '" + name + "' has a line break");
    out += name + ": " + value + "\r\n";
  }
  if (request.source) {
    out += request.source_length ? fmt::format("Content-Length: {}\r\n", *request.source_length)
                                 : "Transfer-Encoding: chunked\r\n";
    out += "Expect: 100-continue\r\n";
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    out += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return out + "\r\n";
}

// Returns false when the server answered without wanting (all of) the body: the connection is then of no further use.
bool Client::Impl::upload(const ClientRequest& request, ResponseReader& reader) {
  // A server that knows nothing of 100-continue just waits; after a second the body is sent anyway (RFC 9110 §10.1.1).
  if (socket->wait_readable(Milliseconds(1000)) && !reader.read_continue()) return false;
  Bytes piece(64 * 1024);
  std::uint64_t done = 0;
  for (;;) {
    const std::size_t count = request.source(piece);
    if (count == 0) break;
    const BytesView bytes(piece.data(), count);
    if (request.source_length && done + count > *request.source_length)
      throw Error(Code::invalid, "the upload is longer than announced");
    if (socket->wait_readable(Milliseconds(0))) return false;  // refused in the middle
    if (!request.source_length) socket->write(view(fmt::format("{:x}\r\n", count)));
    socket->write(bytes);
    if (!request.source_length) socket->write(view("\r\n"));
    done += count;
    if (request.progress) request.progress(done, request.source_length);
  }
  if (request.source_length && done != *request.source_length)
    throw Error(Code::invalid, "the upload is shorter than announced");
  if (!request.source_length) socket->write(view("0\r\n\r\n"));
  return true;
}

ClientResponse Client::Impl::attempt(const ClientRequest& request) {
  const std::string head = head_of(request);
  if (!socket) socket.emplace(url.host, url.port, options);
  ResponseReader reader(*socket, request.method == "HEAD", options.max_body_bytes);
  bool reusable = true;
  try {
    socket->write(view(request.source ? head : head + request.body));
    if (request.source) reusable = upload(request, reader);
  } catch (const ConnectionLost&) {
    // A server that refuses early may close before it has taken everything; its answer is then there to be read.
    if (!reader.has_answer()) throw;
    reusable = false;
  }
  ClientResponse response = reader.read_head();
  reader.read_body(response, response.status < 300 ? request.sink : BodySink(),
                   request.sink ? request.progress : Progress());
  if (!reusable || !reader.reusable()) socket.reset();
  return response;
}

ClientResponse Client::exchange(const ClientRequest& request) {
  const bool kept = impl_->socket.has_value();
  try {
    return impl_->attempt(request);
  } catch (const StaleConnection&) {
    impl_->socket.reset();
    // A kept connection may have been closed by the server meanwhile; what changes nothing twice can be sent again.
    if (!kept || !Impl::is_repeatable(request)) throw;
  } catch (...) {
    impl_->socket.reset();
    throw;
  }
  try {
    return impl_->attempt(request);
  } catch (...) {
    impl_->socket.reset();
    throw;
  }
}

ClientResponse Client::send(const ClientRequest& request) {
  auto response = exchange(request);
  if (response.status >= 400) throw error_in(response);
  return response;
}

ClientResponse Client::get(std::string target) {
  return send({.method = "GET", .target = std::move(target)});
}
ClientResponse Client::del(std::string target) {
  return send({.method = "DELETE", .target = std::move(target)});
}
ClientResponse Client::post_text(std::string target, std::string json_text) {
  return send({.method = "POST",
               .target = std::move(target),
               .headers = {{"Content-Type", "application/json"}},
               .body = std::move(json_text)});
}

}  // namespace drawbridge::http
