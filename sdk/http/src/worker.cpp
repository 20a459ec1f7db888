#include "worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <ctime>

#include "connection.h"

namespace drawbridge::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

std::int64_t steady_ms() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(Timestamp time) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(unix_ms(time) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(parts.tm_wday)],
                     parts.tm_mday, months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                     parts.tm_min, parts.tm_sec);
}

// Often enough that a deadline is at most an eighth late, seldom enough to cost nothing.
Milliseconds sweep_interval(const ServerOptions& options) {
  const auto shortest =
      std::min({options.header_timeout, options.idle_timeout, options.body_timeout, options.write_timeout});
  return std::clamp(shortest / 8, Milliseconds(5), Milliseconds(250));
}

// Tells a client that the server is full, as far as that goes without waiting for it.
void turn_away(asio::ip::tcp::socket& socket) {
  static const std::string body = R"({"error":"too many connections are open","code":"unavailable"})";
  static const std::string answer = fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\nRetry-After: 1\r\n"
      "Connection: close\r\n\r\n{}",
      body.size(), body);
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(answer), ignored);
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace

Worker::Worker(std::shared_ptr<Core> core, std::shared_ptr<Generation> generation, asio::any_io_executor executor,
               asio::ip::tcp::acceptor acceptor)
    : core_(std::move(core)),
      generation_(std::move(generation)),
      executor_(std::move(executor)),
      acceptor_(std::move(acceptor)),
      timer_(executor_) {
  id_prefix_ = to_hex(core_->host.random().bytes(6));
  refresh_clock();
}

void Worker::spawn(Task<> task, const std::shared_ptr<Worker>& self) {
  ++core_->tasks;
  asio::co_spawn(executor_, std::move(task), [self](const std::exception_ptr&) { --self->core_->tasks; });
}

void Worker::start(const std::shared_ptr<Worker>& self) {
  self->self_ = self;
  self->spawn(self->accept(), self);
  self->spawn(self->sweep(), self);
}

void Worker::use(const std::shared_ptr<Worker>& self, std::shared_ptr<Generation> generation) {
  ++self->core_->switching;
  asio::post(self->executor_, [self, next = std::move(generation)]() mutable {
    self->generation_ = std::move(next);
    --self->core_->switching;
  });
}

void Worker::stop_accepting(const std::shared_ptr<Worker>& self) {
  asio::post(self->executor_, [self] {
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
  });
}

void Worker::close_connections(const std::shared_ptr<Worker>& self, bool busy_ones_too) {
  asio::post(self->executor_, [self, busy_ones_too] {
    const auto open = self->connections_;  // closing one may take it out of the list
    for (auto* connection : open) connection->close(busy_ones_too);
    if (self->connections_.empty()) self->timer_.cancel();
  });
}

void Worker::refresh_clock() {
  now_ms_ = steady_ms();
  date_ = http_date(core_->host.clock().now());
}

std::string Worker::next_request_id() {
  return fmt::format("{}{:06x}", id_prefix_, ++ids_);
}

void Worker::add(Connection& connection) {
  connection.place = connections_.size();
  connections_.push_back(&connection);
  ++core_->connections;
}

void Worker::remove(Connection& connection) {
  connections_[connection.place] = connections_.back();
  connections_[connection.place]->place = connection.place;
  connections_.pop_back();
  --core_->connections;
}

Task<> Worker::accept() {
  const auto self = self_.lock();
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(executor_, awaiting);
    if (!error) {
      take(std::move(socket), self);
    } else if (acceptor_.is_open()) {
      // Out of file descriptors, most likely: others have to close first.
      core_->host.log().warning("cannot accept a connection: {}", error.message());
      asio::steady_timer pause(executor_, Milliseconds(100));
      co_await pause.async_wait(awaiting);
    }
  }
}

void Worker::take(asio::ip::tcp::socket socket, const std::shared_ptr<Worker>& self) {
  boost::system::error_code error;
  if (core_->connections >= generation_->options.max_connections) return turn_away(socket);
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  socket.non_blocking(true, error);
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  auto connection = std::make_shared<Connection>(*this, std::move(socket), peer.address());
  ++core_->tasks;
  asio::co_spawn(
      executor_, connection->run(),
      asio::bind_cancellation_slot(connection->cancellation(), [self, connection](const std::exception_ptr&) mutable {
        connection->finish();
        connection.reset();
        --self->core_->tasks;
      }));
}

Task<> Worker::sweep() {
  const auto self = self_.lock();
  while (acceptor_.is_open() || !connections_.empty()) {
    timer_.expires_after(sweep_interval(generation_->options));
    co_await timer_.async_wait(awaiting);
    refresh_clock();
    for (auto* connection : connections_) connection->check_deadline(now_ms_);
  }
}

}  // namespace drawbridge::http
