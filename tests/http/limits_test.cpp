#include <gtest/gtest.h>

#include "drawbridge/error.h"
#include "proxies.h"
#include "rate_limiter.h"

namespace drawbridge::http {
namespace {

using std::chrono::milliseconds;
const RateLimiter::Time begin{std::chrono::seconds(1000)};

TEST(RateLimiter, GivesABurstThenARate) {
  RateLimiter limiter({.per_second = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", begin), 0U);
  EXPECT_EQ(limiter.take("a", begin), 1U);
  EXPECT_EQ(limiter.take("b", begin), 0U);
  EXPECT_EQ(limiter.take("a", begin + milliseconds(99)), 1U);
  EXPECT_EQ(limiter.take("a", begin + milliseconds(101)), 0U);
  EXPECT_EQ(limiter.take("a", begin + milliseconds(101)), 1U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", begin + std::chrono::hours(1)), 0U);
  EXPECT_EQ(limiter.take("a", begin + std::chrono::hours(1)), 1U);
}

TEST(RateLimiter, IsBoundedAndForgetsTheLongestUnseen) {
  RateLimiter limiter({.per_second = 1, .burst = 1}, 3);
  for (const auto* client : {"a", "b", "c"}) EXPECT_EQ(limiter.take(client, begin), 0U);
  EXPECT_EQ(limiter.take("a", begin), 1U);
  EXPECT_EQ(limiter.take("d", begin), 0U);  // in the place of b
  EXPECT_EQ(limiter.clients(), 3U);
  EXPECT_EQ(limiter.take("a", begin), 1U);
  EXPECT_EQ(limiter.take("b", begin), 0U);
}

TEST(RateLimiter, OtherBoundsAreNoNewBurst) {
  RateLimiter limiter({.per_second = 10, .burst = 2});
  EXPECT_EQ(limiter.take("a", begin), 0U);
  EXPECT_EQ(limiter.take("a", begin), 0U);
  limiter.change({.per_second = 1, .burst = 100});
  EXPECT_EQ(limiter.take("a", begin), 1U);
  EXPECT_EQ(limiter.take("b", begin), 0U);
  limiter.change({.per_second = 1, .burst = 1});
  EXPECT_EQ(limiter.take("b", begin), 0U);
  EXPECT_EQ(limiter.take("b", begin), 1U) << "what was left is cut to the new burst";
  limiter.change({.per_second = 0, .burst = 1});
  EXPECT_FALSE(limiter.enabled());
  EXPECT_EQ(limiter.take("b", begin), 0U);
}

TEST(RateLimiter, ZeroMeansNone) {
  RateLimiter limiter({.per_second = 0, .burst = 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.take("a", begin), 0U);
  EXPECT_EQ(limiter.clients(), 0U);
}

TEST(RateLimiter, IgnoresAClockThatStandsStill) {
  RateLimiter limiter({.per_second = 10, .burst = 1});
  EXPECT_EQ(limiter.take("a", begin), 0U);
  EXPECT_EQ(limiter.take("a", begin - std::chrono::hours(1)), 1U);
}

std::string client_of(const std::vector<std::string>& trusted, const std::string& peer, const std::string& list) {
  return Proxies(trusted).client(asio::ip::make_address(peer), list).to_string();
}

TEST(Proxies, BelievesOnlyTrustedOnes) {
  EXPECT_EQ(client_of({}, "10.0.0.1", "1.2.3.4"), "10.0.0.1");
  EXPECT_EQ(client_of({"10.0.0.2"}, "10.0.0.1", "1.2.3.4"), "10.0.0.1");
  EXPECT_EQ(client_of({"10.0.0.1"}, "10.0.0.1", "1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(client_of({"10.0.0.0/8"}, "10.9.9.9", ""), "10.9.9.9");
}

TEST(Proxies, TakesTheLastUntrustedAddress) {
  EXPECT_EQ(client_of({"10.0.0.0/8"}, "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7"), "1.2.3.4");
  EXPECT_EQ(client_of({"10.0.0.0/8"}, "10.0.0.1", "10.1.1.1,10.2.2.2"), "10.1.1.1");
  EXPECT_EQ(client_of({"10.0.0.0/8"}, "10.0.0.1", "6.6.6.6, nonsense"), "10.0.0.1");
  EXPECT_EQ(client_of({"fd00::/8", "10.0.0.1"}, "fd00::1", "[2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(client_of({"fd00::/8"}, "fd00::1", "1.2.3.4:5678"), "1.2.3.4");
}

TEST(Proxies, MatchesNetworksBitwise) {
  const Proxies proxies({"192.168.0.0/23", "2001:db8::/33"});
  EXPECT_TRUE(proxies.trusts(asio::ip::make_address("192.168.1.255")));
  EXPECT_FALSE(proxies.trusts(asio::ip::make_address("192.168.2.0")));
  EXPECT_TRUE(proxies.trusts(asio::ip::make_address("2001:db8:7fff::1")));
  EXPECT_FALSE(proxies.trusts(asio::ip::make_address("2001:db8:8000::1")));
  EXPECT_TRUE(proxies.trusts(asio::ip::make_address("::ffff:192.168.1.1")));
}

TEST(Proxies, RefusesWhatIsNoNetwork) {
  for (const auto* text : {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.1/8x"}) {
    EXPECT_THROW(Proxies({text}), Error) << text;
  }
}

TEST(LimitKey, JoinsNeighboursInIpv6) {
  EXPECT_EQ(limit_key(asio::ip::make_address("2001:db8::1")), limit_key(asio::ip::make_address("2001:db8::ffff")));
  EXPECT_NE(limit_key(asio::ip::make_address("2001:db8::1")), limit_key(asio::ip::make_address("2001:db8:0:1::1")));
  EXPECT_NE(limit_key(asio::ip::make_address("1.2.3.4")), limit_key(asio::ip::make_address("1.2.3.5")));
}

}  // namespace
}  // namespace drawbridge::http
