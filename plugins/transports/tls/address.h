#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "drawbridge/task.h"

namespace drawbridge::tls {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// "127.0.0.1:8000", "alice.example:8000", "[::1]:8000". Throws Error{invalid}.
Address parse_address(std::string_view text);
std::string to_text(const asio::ip::tcp::endpoint& endpoint);

/// The endpoints of a host name, or of an address without asking anybody. Throws Error{unavailable}.
Task<std::vector<asio::ip::tcp::endpoint>> resolve(Address address);

}  // namespace drawbridge::tls
