#include "address.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "drawbridge/error.h"

namespace drawbridge::tls {

Address parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const Error wrong(Code::invalid, "'" + std::string(text) + "' is no address",
                    "write host:port, for example 127.0.0.1:8000");
  if (colon == std::string_view::npos || colon == 0) throw Error(wrong);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  Address out;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) throw Error(wrong);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!brackets && host.find(':') != std::string_view::npos) throw Error(wrong);
  out.host = host;
  return out;
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  const std::string port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]" + port : host + port;
}

Task<std::vector<asio::ip::tcp::endpoint>> resolve(Address address) {
  using asio::ip::tcp;
  boost::system::error_code ec;
  const auto numeric = asio::ip::make_address(address.host, ec);
  if (!ec) co_return std::vector<tcp::endpoint>{tcp::endpoint(numeric, address.port)};
  tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto found = co_await resolver.async_resolve(address.host, std::to_string(address.port),
                                                     asio::redirect_error(asio::use_awaitable, ec));
  if (ec) throw Error(Code::unavailable, "resolve '" + address.host + "': " + ec.message());
  std::vector<tcp::endpoint> out;
  for (const auto& entry : found) out.push_back(entry.endpoint());
  co_return out;
}

}  // namespace drawbridge::tls
