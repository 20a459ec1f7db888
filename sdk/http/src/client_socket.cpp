#include "client_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

namespace drawbridge::http {
namespace {

constexpr const char* lost_hint = "check with `drawbridge status` whether the node still runs";

std::string text_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace

ClientSocket::ClientSocket(const std::string& host, const std::string& port, const ClientOptions& options)
    : idle_timeout_(options.idle_timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); failed != 0) {
    throw Error(Code::unavailable, fmt::format("cannot find the host '{}': {}", host, gai_strerror(failed)),
                "check the node's address");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  for (const auto* item = found; item; item = item->ai_next) {
    if (try_connect(item->ai_addr, item->ai_addrlen, item->ai_family, options.connect_timeout)) return;
  }
  const auto where = fmt::format("cannot reach the node at {}:{}: ", host, port);
  if (error_ == ECONNREFUSED) {
    throw Error(Code::unavailable, where + "nothing listens there",
                "start the node with `drawbridge run`, or name another address with --url");
  }
  throw Error(Code::unavailable, where + (error_ == ETIMEDOUT ? "it does not answer" : text_of(error_)),
              "check the node's address and the network");
}

ClientSocket::~ClientSocket() {
  if (fd_ >= 0) ::close(fd_);
}

bool ClientSocket::try_connect(const void* address, unsigned address_size, int family, Milliseconds timeout) {
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    error_ = errno;
    return false;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, static_cast<const sockaddr*>(address), address_size) == 0) return true;
  error_ = errno;
  if (error_ == EINPROGRESS) {
    error_ = ETIMEDOUT;
    socklen_t size = sizeof error_;
    if (wait(POLLOUT, timeout)) ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &size);
    if (error_ == 0) return true;
  }
  ::close(fd_);
  fd_ = -1;
  return false;
}

bool ClientSocket::wait(short events, Milliseconds timeout) const {
  const auto until = std::chrono::steady_clock::now() + timeout;
  pollfd entry{fd_, events, 0};
  for (;;) {
    const auto left = std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
    const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 1 << 30)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

bool ClientSocket::wait_readable(Milliseconds timeout) const {
  return wait(POLLIN, timeout);
}

void ClientSocket::write(BytesView bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLOUT, idle_timeout_))
        throw ConnectionLost(Code::unavailable, "the node takes nothing any more", lost_hint);
    } else if (errno != EINTR) {
      throw ConnectionLost(Code::unavailable, "the connection to the node is lost: " + text_of(errno), lost_hint);
    }
  }
}

std::size_t ClientSocket::read(MutableBytes out) {
  for (;;) {
    const auto count = ::recv(fd_, out.data(), out.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLIN, idle_timeout_)) throw ConnectionLost(Code::unavailable, "the node does not answer", lost_hint);
    } else if (errno != EINTR) {
      throw ConnectionLost(Code::unavailable, "the connection to the node is lost: " + text_of(errno), lost_hint);
    }
  }
}

}  // namespace drawbridge::http
