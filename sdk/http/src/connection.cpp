#include "connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <utility>

namespace drawbridge::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_buffer_bytes = 4096;

// Counts a request that is under way, also when its task is cancelled, and holds its generation that long.
class Counted {
 public:
  Counted(Core& core, std::shared_ptr<Generation>& held, const std::shared_ptr<Generation>& current)
      : core_(core), held_(held) {
    held_ = current;
    ++held_->requests;
    ++core_.requests;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    --core_.requests;
    // The last thing: whoever waits for it ends what the router's handlers refer to.
    const auto generation = std::exchange(held_, nullptr);
    --generation->requests;
  }

 private:
  Core& core_;
  std::shared_ptr<Generation>& held_;
};

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string_view presented_key(const RequestHead& head) {
  if (const auto key = head.field("X-API-Key")) return *key;
  auto value = head.field("Authorization").value_or(std::string_view());
  constexpr std::string_view scheme = "Bearer ";
  if (value.size() <= scheme.size() || !same_name(value.substr(0, scheme.size()), scheme)) return {};
  value.remove_prefix(scheme.size());
  return value.substr(std::min(value.find_first_not_of(' '), value.size()));
}

std::string all_fields(const RequestHead& head, std::string_view name) {
  std::string out;
  for (const auto& field : head.fields) {
    if (!same_name(field.name, name)) continue;
    if (!out.empty()) out += ',';
    out += field.value;
  }
  return out;
}

}  // namespace

Connection::Connection(Worker& worker, asio::ip::tcp::socket socket, asio::ip::address peer)
    : worker_(worker),
      core_(worker.core()),
      socket_(std::move(socket)),
      peer_(plain(peer)),
      peer_text_(peer_.to_string()),
      client_address_(peer_),
      in_(first_buffer_bytes),
      exchange_(core_.host, *this),
      request_(exchange_) {
  exchange_.address = peer_text_;
  worker_.add(*this);
}

Connection::~Connection() {
  finish();
}

void Connection::finish() {
  if (!listed_) return;
  listed_ = false;
  worker_.remove(*this);
}

void Connection::set_deadline(Milliseconds timeout) {
  timed_out_ = false;
  deadline_ms_ = worker_.now_ms() + std::max<std::int64_t>(1, timeout.count());
}

void Connection::check_deadline(std::int64_t now_ms) {
  if (deadline_ms_ == 0 || now_ms < deadline_ms_) return;
  deadline_ms_ = 0;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::close(bool busy_too) {
  if (busy_ && !busy_too) return;
  must_close_ = true;
  aborted_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (busy_) cancel_.emit(asio::cancellation_type::terminal);
}

Task<> Connection::run() {
  while (co_await read_head()) {
    const Counted counted(core_, generation_, worker_.generation());
    busy_ = true;
    const bool keep = co_await serve();
    busy_ = false;
    head_fresh_ = false;
    ++core_.served;
    if (!keep) break;
    if (!pipelined_.empty()) take_pipelined();
  }
  if (linger_) co_await linger();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

// Returns whether a request is to be served; otherwise the connection is over, and the client was told why if that made
// sense.
Task<bool> Connection::read_head() {
  const auto limit = static_cast<std::size_t>(options().header_bytes);
  bool begun = head_fresh_;
  std::size_t scanned = 0;
  set_deadline(begun ? options().header_timeout : options().idle_timeout);
  for (;;) {
    // An empty line in front of a request is passed over (RFC 9112 §2.2).
    while (begin_ < end_ && scanned == 0 && (in_[begin_] == '\r' || in_[begin_] == '\n')) ++begin_;
    const auto bytes = buffered();
    const auto blank = bytes.find("\r\n\r\n", scanned > 3 ? scanned - 3 : 0);
    const auto size = blank == std::string_view::npos ? bytes.size() : blank + 4;
    if (size > limit) co_return co_await refuse_head({431, "the head of the request is too long"});
    if (blank != std::string_view::npos) {
      clear_deadline();
      parser_.emplace(exchange_.head);
      const auto error = parser_->parse_head(bytes.substr(0, size));
      if (error.status != 0) co_return co_await refuse_head(error);
      begin_ += size;
      begin_body();
      co_return true;
    }
    scanned = bytes.size();
    if (!begun && !bytes.empty()) {
      begun = true;
      set_deadline(options().header_timeout);
    }
    make_room();
    const auto [error, count] =
        co_await socket_.async_read_some(asio::buffer(in_.data() + end_, in_.size() - end_), awaiting);
    end_ += count;
    if (!error) continue;
    if (timed_out_ && end_ > begin_) co_return co_await refuse_head({408, "the head of the request came too slowly"});
    co_return false;
  }
}

// Room for at least one byte behind what is there. Never called while a head is in use.
void Connection::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < in_.size()) return;
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  } else {
    in_.resize(std::min(in_.size() * 2, static_cast<std::size_t>(options().header_bytes) + first_buffer_bytes));
  }
}

Task<bool> Connection::refuse_head(HeadError error) {
  clear_deadline();
  must_close_ = true;
  body_done_ = false;  // whatever follows cannot be told from a request
  exchange_.head.clear();
  exchange_.id = worker_.next_request_id();
  const Code code = error.status == 431   ? Code::too_large
                    : error.status == 501 ? Code::unsupported
                    : error.status == 408 ? Code::unavailable
                                          : Code::invalid;
  Response response =
      error_response(std::make_exception_ptr(StatusError(error.status, code, error.message)), exchange_.id);
  co_await send(response);
  co_return false;
}

Task<bool> Connection::serve() {
  Response response;
  std::exception_ptr error;
  try {
    const auto& route = admit();
    response = co_await route.handler(request_);
  } catch (...) {
    error = std::current_exception();
  }
  if (aborted_) co_return false;
  if (error) response = answer_error(error);
  const bool kept = co_await send(response);
  if (auto& log = core_.host.log(); log.enabled(Level::debug)) {
    log.debug("{} {} {} from {}: {}", exchange_.id, exchange_.head.method, exchange_.head.path, exchange_.address,
              response.status());
  }
  co_return kept;
}

// Decides without reading any of the body. Throws what the client is to be told.
const Route& Connection::admit() {
  auto& x = exchange_;
  const auto given_id = x.head.field("X-Request-Id");
  x.id = given_id && is_request_id(*given_id) ? std::string(*given_id) : worker_.next_request_id();
  x.client.reset();
  x.json_bytes = options().json_bytes;
  x.match.route = nullptr;
  if (core_.draining) {
    throw Error(Code::unavailable, "the node is shutting down", "try again when it is back");
  }
  generation_->router.find(x.head.method, x.head.path, x.match);
  identify();
  const auto* route = x.match.route;
  const bool refused = route && route->options.auth && !x.client;
  limit(!route || refused || route->options.rate_limited);
  if (!route && x.match.allow.empty()) throw Error(Code::not_found, "no such path");
  if (!route) throw StatusError(405, Code::unsupported, "this path does not take that method");
  if (refused) {
    const bool presented = !presented_key(x.head).empty();
    throw Error(Code::unauthenticated, presented ? "the API key is not valid" : "an API key is needed",
                "send a valid key as X-API-Key");
  }
  const auto& scope = route->options.scope;
  if (route->options.auth && !scope.empty() && !x.client->may(scope)) {
    throw Error(Code::forbidden, "the API key lacks the scope '" + scope + "'",
                "create one that has it with `drawbridge apikey create`");
  }
  return *route;
}

void Connection::identify() {
  auto& x = exchange_;
  const auto key = presented_key(x.head);
  const auto* access = options().access;
  if (access && !key.empty()) x.client = access->check(key);
  client_address_ = peer_;
  x.address = peer_text_;
  if (!generation_->proxies.trusts(peer_)) return;
  client_address_ = generation_->proxies.client(peer_, all_fields(x.head, "X-Forwarded-For"));
  x.address = client_address_.to_string();
}

void Connection::limit(bool limited) {
  if (!limited || !core_.limiter.enabled()) return;
  const auto client = exchange_.client ? "key " + exchange_.client->id : limit_key(client_address_);
  const unsigned wait = core_.limiter.take(client, std::chrono::steady_clock::now());
  if (wait > 0) throw BusyError("too many requests", wait);
}

Response Connection::answer_error(const std::exception_ptr& error) {
  Response response = error_response(error, exchange_.id);
  if (response.status() == 405) response.header("Allow", exchange_.match.allow);
  if (response.status() == 500) {
    const auto* route = exchange_.match.route;
    const std::string where = route ? route->method + " " + route->pattern : std::string("request");
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      core_.host.log().error("{}: {}: {}", exchange_.id, where, e.what());
    } catch (...) {
      core_.host.log().error("{}: {}: not an exception of the standard library", exchange_.id, where);
    }
  }
  return response;
}

}  // namespace drawbridge::http
