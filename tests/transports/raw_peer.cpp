#include "raw_peer.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "drawbridge/hash.h"

namespace drawbridge::transport_test {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint endpoint_of(const std::string& address) {
  return {asio::ip::make_address("127.0.0.1"), port_of(address)};
}

Ed25519Key key_of(const std::string& name) {
  const Digest seed = sha256(view(name));
  return ed25519_from_seed(Secret::copy_of(BytesView(seed)));
}

}  // namespace

RawPeer::RawPeer(const std::string& name) : name_(name), key_(key_of(name)), socket_(io_), context_(key_, {"X25519"}) {}

Card RawPeer::card() const {
  Card out;
  out.name = name_;
  out.keys.node_key = key_.public_key;
  return out;
}

tls::Hello RawPeer::hello() const {
  tls::Hello out;
  out.instance = Bytes(16, 7);
  out.window = 1_MiB;
  out.max_streams = 100;
  out.serial = 1;
  return out;
}

void RawPeer::connect(const TestNode& node) {
  socket_.connect(endpoint_of(node.address));
  socket_.set_option(tcp::no_delay(true));
  session_ = std::make_unique<tls::Session>(context_, false, [](BytesView) { return std::string(); });
  for (;;) {
    const bool complete = session_->handshake();
    flush();
    if (complete) return;
    if (!receive()) throw Error(Code::unavailable, "closed in the handshake");
  }
}

void RawPeer::join(const TestNode& node) {
  connect(node);
  send(tls::encode_hello(hello()));
  const auto answer = next(tls::FrameType::hello);
  if (!answer) throw Error(Code::unavailable, "closed before the hello");
  tls::parse_hello(answer->payload);
}

void RawPeer::send(const tls::Frame& frame) {
  Bytes bytes = to_bytes(BytesView(tls::encode_header(frame)));
  append(bytes, BytesView(frame.payload));
  send_bytes(bytes);
}

void RawPeer::send_bytes(BytesView bytes) {
  session_->write(bytes);
  flush();
}

std::optional<tls::Frame> RawPeer::next() {
  try {
    for (;;) {
      auto frame = frames_.next(*session_);
      if (frame) return frame;
      if (!receive()) return std::nullopt;
    }
  } catch (const Error& error) {
    if (error.code() != Code::unavailable) throw;
    return std::nullopt;
  }
}

std::optional<tls::Frame> RawPeer::next(tls::FrameType type) {
  for (;;) {
    auto frame = next();
    if (!frame || frame->type == type) return frame;
  }
}

void RawPeer::expect_closed() {
  while (const auto frame = next()) {
    // After some quiet seconds the node asks whether this peer still lives: then it did not mean to close.
    if (frame->type == tls::FrameType::ping) {
      ADD_FAILURE() << "the connection was kept";
      return;
    }
  }
}

void RawPeer::cut() {
  socket_.set_option(asio::socket_base::linger(true, 0));  // a reset, as a crashed machine or a firewall sends
  socket_.close();
}

bool RawPeer::receive() {
  const MutableBytes room = session_->input_room();
  error_code ec;
  const std::size_t got = socket_.read_some(asio::buffer(room.data(), room.size()), ec);
  session_->input_filled(got);
  return !ec;
}

// A closed connection shows itself when reading.
void RawPeer::flush() {
  Bytes out;
  std::swap(out, session_->output());
  error_code ec;
  asio::write(socket_, asio::buffer(out), ec);
  if (ec) broken_ = true;
}

Relay::Relay(std::string target)
    : target_(std::move(target)), acceptor_(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
  asio::co_spawn(io_, accept(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

Relay::~Relay() {
  io_.stop();
  thread_.join();
}

std::string Relay::address() const {
  return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void Relay::cut() {
  asio::post(io_, [this] {
    for (const Socket& socket : sockets_) {
      error_code ignored;
      socket->close(ignored);
    }
    sockets_.clear();
  });
}

Task<> Relay::accept() {
  for (;;) {
    const auto near = std::make_shared<tcp::socket>(io_);
    const auto far = std::make_shared<tcp::socket>(io_);
    co_await acceptor_.async_accept(*near, asio::use_awaitable);
    ++accepted_;
    error_code ec;
    co_await far->async_connect(endpoint_of(target_), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) continue;
    near->set_option(tcp::no_delay(true));
    far->set_option(tcp::no_delay(true));
    sockets_.push_back(near);
    sockets_.push_back(far);
    asio::co_spawn(io_, pass(near, far), asio::detached);
    asio::co_spawn(io_, pass(far, near), asio::detached);
  }
}

Task<> Relay::pass(Socket from, Socket to) {
  Bytes buffer(64 * 1024);
  asio::steady_timer pause(io_);
  for (;;) {
    error_code ec;
    const std::size_t got =
        co_await from->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
    while (holding_) {
      pause.expires_after(Milliseconds(5));
      co_await pause.async_wait(asio::use_awaitable);
    }
    if (!ec)
      co_await asio::async_write(*to, asio::buffer(buffer.data(), got), asio::redirect_error(asio::use_awaitable, ec));
    if (!ec) continue;
    from->close(ec);
    to->close(ec);
    co_return;
  }
}

}  // namespace drawbridge::transport_test
