#include "proxies.h"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <optional>

#include "drawbridge/error.h"

namespace drawbridge::http {
namespace ip = asio::ip;
namespace {

ip::address_v6 wide(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// An address as it stands in X-Forwarded-For: also "[2001:db8::1]" and with a port.
std::optional<ip::address> forwarded_address(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    text = text.substr(1, text.find(']') - 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    text = text.substr(0, colon);
  }
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return plain(address);
}

}  // namespace

Proxies::Proxies(const std::vector<std::string>& trusted) {
  for (const auto& text : trusted) {
    const auto slash = text.find('/');
    boost::system::error_code error;
    const auto address = ip::make_address(text.substr(0, slash), error);
    const unsigned most = address.is_v4() ? 32 : 128;
    unsigned bits = most;
    bool good = !error;
    if (slash != std::string::npos) {
      const auto* const end = text.data() + text.size();
      const auto [stop, failed] = std::from_chars(text.data() + slash + 1, end, bits);
      good = good && failed == std::errc{} && stop == end && bits <= most;
    }
    if (!good) {
      throw Error(Code::invalid, "trusted proxy '" + text + "' is no address and no network",
                  "write it like 10.0.0.1, 10.0.0.0/8 or fd00::/8");
    }
    networks_.push_back({wide(address), bits + (address.is_v4() ? 96U : 0U)});
  }
}

bool Proxies::trusts(const ip::address& address) const {
  if (networks_.empty()) return false;
  const auto own = wide(address).to_bytes();
  for (const auto& network : networks_) {
    const auto other = network.address.to_bytes();
    unsigned bit = 0;
    while (bit < network.bits && ((own[bit / 8] ^ other[bit / 8]) & (0x80U >> (bit % 8))) == 0) ++bit;
    if (bit == network.bits) return true;
  }
  return false;
}

ip::address Proxies::client(const ip::address& peer, std::string_view list) const {
  ip::address client = peer;
  while (!list.empty() && trusts(client)) {
    const auto comma = list.rfind(',');
    const auto last = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    const auto address = forwarded_address(trimmed(last));
    if (!address) break;
    client = *address;
  }
  return client;
}

ip::address plain(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string limit_key(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = 0;
  return ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace drawbridge::http
