#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/task.h"

namespace drawbridge::http {

/// The reverse proxies that are believed what X-Forwarded-For says. Immutable.
class Proxies {
 public:
  /// Addresses and networks: "192.0.2.1", "10.0.0.0/8", "fd00::/8". Throws Error{invalid} for another text.
  explicit Proxies(const std::vector<std::string>& trusted);

  bool trusts(const asio::ip::address& address) const;

  /// The client behind trusted `peer`: the last address of the list that no trusted proxy has. A list that is no list
  /// of addresses ends there.
  asio::ip::address client(const asio::ip::address& peer, std::string_view forwarded_for) const;

 private:
  struct Network {
    asio::ip::address_v6 address;
    unsigned bits;
  };
  std::vector<Network> networks_;
};

/// IPv4 mapped into IPv6 as plain IPv4.
asio::ip::address plain(const asio::ip::address& address);
/// Who shares a bucket: the address, of IPv6 the /64.
std::string limit_key(const asio::ip::address& address);

}  // namespace drawbridge::http
