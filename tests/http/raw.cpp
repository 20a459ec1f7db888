#include "raw.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace drawbridge::http::test {
namespace {

constexpr int patience_ms = 20'000;

}  // namespace

std::string RawResponse::header(std::string_view name) const {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto begin = lower.find("\r\n" + std::string(name) + ": ");
  if (begin == std::string::npos) return {};
  const auto from = begin + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

RawClient::RawClient(std::uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

RawClient::~RawClient() {
  ::close(fd_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawClient::finish() {
  ::shutdown(fd_, SHUT_WR);
}

bool RawClient::fill() {
  pollfd entry{fd_, POLLIN, 0};
  if (::poll(&entry, 1, patience_ms) <= 0) return false;
  char piece[65536];
  const auto count = ::recv(fd_, piece, sizeof piece, 0);
  if (count <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(count));
  return true;
}

bool RawClient::need(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) return false;
  }
  return true;
}

RawResponse RawClient::receive(bool head_only) {
  RawResponse out;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return out;
  }
  out.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  const int status = std::stoi(out.head.substr(9, 3));
  if (head_only || status < 200 || status == 204) {
    out.status = status;
    return out;
  }
  if (out.header("transfer-encoding") == "chunked") {
    for (;;) {
      std::size_t line = 0;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return out;
      }
      const auto size = std::stoull(buffer_.substr(0, line), nullptr, 16);
      buffer_.erase(0, line + 2);
      if (!need(size + 2)) return out;
      out.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) break;
    }
  } else if (const auto length = out.header("content-length"); !length.empty()) {
    const auto size = std::stoull(length);
    if (!need(size)) return out;
    out.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  } else {
    while (fill()) {
    }
    out.body = std::move(buffer_);
    buffer_.clear();
  }
  out.status = status;
  return out;
}

bool RawClient::closed() {
  pollfd entry{fd_, POLLIN, 0};
  if (!buffer_.empty() || ::poll(&entry, 1, patience_ms) <= 0) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

}  // namespace drawbridge::http::test
