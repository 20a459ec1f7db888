#include "fixture.h"

namespace drawbridge::http::test {
namespace {

TEST_F(ServerTest, AsksForAKey) {
  start();
  auto raw = connect();
  const auto without = raw.ask(get("/who", ""));
  EXPECT_EQ(without.status, 401);
  EXPECT_EQ(without.header("www-authenticate"), "Bearer");
  EXPECT_NE(without.body.find("an API key is needed"), std::string::npos);
  EXPECT_NE(raw.ask(get("/who", "X-API-Key: wrong\r\n")).body.find("not valid"), std::string::npos);
  EXPECT_EQ(raw.ask(get("/who", "X-API-Key:\r\n")).status, 401);
  EXPECT_EQ(raw.ask(get("/who", "Authorization: Basic reader\r\n")).status, 401);
  EXPECT_EQ(raw.ask(get("/who", "Authorization: Bearer\r\n")).status, 401);
  EXPECT_EQ(raw.ask(get("/who", "Authorization: bearer   sharer\r\n")).body, "sharer-id 127.0.0.1");
  EXPECT_EQ(raw.ask(get("/who", "x-api-key: reader\r\n")).status, 200);
}

TEST_F(ServerTest, AsksForTheScope) {
  start();
  auto raw = connect();
  const auto refused = raw.ask(post("/order", R"({"item":"a","count":1})", "X-API-Key: reader\r\n"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("lacks the scope 'share'"), std::string::npos);
  EXPECT_EQ(begun_, 0);
  keys_.give("root", "root-id", {"admin"});
  EXPECT_EQ(raw.ask(post("/order", R"({"item":"a","count":1})", "X-API-Key: root\r\n")).status, 201);
}

TEST_F(ServerTest, RevocationIsEffectiveOnOpenConnections) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/who")).status, 200);
  keys_.take("reader");
  EXPECT_EQ(raw.ask(get("/who")).status, 401);
}

TEST_F(ServerTest, RefusesBeforeTheUpload) {
  options_.rate = {.per_second = 1, .burst = 1};
  start();
  auto raw = connect();
  raw.send("POST /order HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  const auto response = raw.receive();
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.header("connection"), "close");
  auto expecting = connect();
  expecting.send("POST /order HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(expecting.receive().status, 429);  // no 100 in front
  EXPECT_TRUE(expecting.closed());
  EXPECT_EQ(begun_, 0);
}

TEST_F(ServerTest, LimitsEachClient) {
  options_.rate = {.per_second = 1, .burst = 5};
  start();
  auto raw = connect();
  int good = 0;
  RawResponse last;
  for (int i = 0; i < 20; ++i) {
    last = raw.ask(get("/who"));
    good += last.status == 200;
  }
  EXPECT_GE(good, 5);
  EXPECT_LT(good, 15);
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(last.header("retry-after"), "1");
  EXPECT_NE(last.body.find(R"("retry_after":1)"), std::string::npos);
  EXPECT_EQ(raw.ask(get("/who", "X-API-Key: sharer\r\n")).status, 200);  // another client
  for (int i = 0; i < 50; ++i) EXPECT_EQ(raw.ask(get("/free", "")).status, 200);
}

TEST_F(ServerTest, LimitsGuessingOfKeysByAddress) {
  options_.rate = {.per_second = 1, .burst = 5};
  start();
  auto raw = connect();
  int refused = 0;
  for (int i = 0; i < 20; ++i)
    refused += raw.ask(get("/who", "X-API-Key: guess" + std::to_string(i) + "\r\n")).status == 429;
  EXPECT_GT(refused, 5);
}

TEST_F(ServerTest, ForwardedAddressCountsOnlyFromTrustedProxies) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/address", "X-Forwarded-For: 1.2.3.4\r\n")).body, "127.0.0.1");
}

TEST_F(ServerTest, TrustedProxyTellsTheAddress) {
  options_.trusted_proxies = {"127.0.0.0/8"};
  options_.rate = {.per_second = 1, .burst = 2};
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/address", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n")).body, "1.2.3.4");
  EXPECT_EQ(raw.ask(get("/address", "")).body, "127.0.0.1");
  int refused = 0;
  for (int i = 0; i < 10; ++i) refused += raw.ask(get("/address", "X-Forwarded-For: 9.9.9.9\r\n")).status == 429;
  EXPECT_GT(refused, 0);
  EXPECT_EQ(raw.ask(get("/address", "X-Forwarded-For: 8.8.8.8\r\n")).status, 200);
}

}  // namespace
}  // namespace drawbridge::http::test
