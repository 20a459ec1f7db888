#include "drawbridge/hash.h"
#include "fixture.h"

namespace drawbridge::http::test {
namespace {

TEST_F(ServerTest, RefusesSmuggledRequests) {
  start();
  const std::string inner = "GET /open HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const auto& fields :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"}) {
    auto raw = connect();
    const auto response =
        raw.ask("POST /upload HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n0\r\n\r\n" + inner);
    EXPECT_EQ(response.status, 400) << fields;
    EXPECT_EQ(response.header("connection"), "close");
    EXPECT_TRUE(raw.closed()) << fields;
  }
  EXPECT_EQ(begun_, 0);
}

TEST_F(ServerTest, BoundsTheHead) {
  options_.header_bytes = 4_KiB;
  start();
  auto fits = connect();
  EXPECT_EQ(fits.ask(get("/open", "X: " + std::string(3900, 'x') + "\r\n")).status, 200);
  auto too_long = connect();
  const auto response = too_long.ask(get("/open", "X: " + std::string(5000, 'x') + "\r\n"));
  EXPECT_EQ(response.status, 431);
  EXPECT_NE(response.body.find(R"("code":"too_large")"), std::string::npos);
  EXPECT_TRUE(too_long.closed());
  auto endless = connect();
  EXPECT_EQ(endless.ask("GET /" + std::string(100'000, 'x')).status, 431);
}

TEST_F(ServerTest, BoundsJsonBodies) {
  options_.json_bytes = 1_KiB;
  start();
  auto raw = connect();
  raw.send("POST /order HTTP/1.1\r\nHost: h\r\nX-API-Key: sharer\r\nContent-Length: 1000000000000\r\n\r\n");
  const auto announced = raw.receive();
  EXPECT_EQ(announced.status, 413);
  EXPECT_NE(announced.body.find("longer than 1KiB"), std::string::npos) << announced.body;
  auto chunked = connect();
  chunked.send("POST /order HTTP/1.1\r\nHost: h\r\nX-API-Key: sharer\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunk = "400\r\n" + std::string(1024, ' ') + "\r\n";
  for (int i = 0; i < 3; ++i) chunked.send(chunk);
  EXPECT_EQ(chunked.receive().status, 413);
}

TEST_F(ServerTest, TellsOfTruncatedBodies) {
  start();
  auto sized = connect();
  sized.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  sized.finish();
  const auto response = sized.receive();
  EXPECT_EQ(response.status, 422);
  EXPECT_NE(response.body.find("the body breaks off: 3 of 10 bytes came"), std::string::npos) << response.body;
  auto chunked = connect();
  chunked.send("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
  chunked.finish();
  EXPECT_NE(chunked.receive().body.find("the body breaks off"), std::string::npos);
  auto malformed = connect();
  EXPECT_EQ(malformed.ask("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").status, 400);
  EXPECT_TRUE(malformed.closed());
  auto endless = connect();
  EXPECT_EQ(
      endless.ask("POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(40'000, 'x'))
          .status,
      400);
}

TEST_F(ServerTest, EndsSlowHeads) {
  options_.header_timeout = Milliseconds(80);
  start();
  auto raw = connect();
  raw.send("GET /open HTTP/1.1\r\nHo");
  EXPECT_EQ(raw.receive().status, 408);
  EXPECT_TRUE(raw.closed());
  auto silent = connect();
  EXPECT_TRUE(silent.closed());
  // A byte now and then does not help: the whole head has its time.
  auto dripping = connect();
  std::atomic<bool> over{false};
  std::thread drip([&] {
    while (!over && dripping.send("G")) std::this_thread::sleep_for(Milliseconds(10));
  });
  EXPECT_EQ(dripping.receive().status, 408);
  over = true;
  drip.join();
}

TEST_F(ServerTest, EndsIdleConnections) {
  options_.idle_timeout = Milliseconds(80);
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/open")).status, 200);
  EXPECT_TRUE(raw.closed());
}

TEST_F(ServerTest, EndsSlowBodies) {
  options_.body_timeout = Milliseconds(80);
  start();
  auto raw = connect();
  raw.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  std::atomic<bool> over{false};
  std::thread drip([&] {
    while (!over && raw.send("x")) std::this_thread::sleep_for(Milliseconds(10));
  });
  const auto response = raw.receive();
  over = true;
  drip.join();
  EXPECT_EQ(response.status, 408);
  EXPECT_NE(response.body.find("too slowly"), std::string::npos);
}

TEST_F(ServerTest, EndsClientsThatTakeNothing) {
  options_.write_timeout = Milliseconds(80);
  start();
  auto raw = connect();
  raw.send(get("/download/1000000000"));
  while (server_->status().requests == 0) std::this_thread::sleep_for(Milliseconds(1));
  while (server_->status().connections > 0) std::this_thread::sleep_for(Milliseconds(1));
  EXPECT_EQ(raw.receive().status, 0);  // not all of it
}

TEST_F(ServerTest, BoundsConnections) {
  options_.max_connections = 3;
  start();
  std::vector<std::unique_ptr<RawClient>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<RawClient>(server_->port()));
    EXPECT_EQ(open.back()->ask(get("/open")).status, 200);
  }
  auto turned_away = connect();
  const auto response = turned_away.receive();
  EXPECT_EQ(response.status, 503);
  EXPECT_NO_THROW(parse_json(response.body));
  EXPECT_TRUE(turned_away.closed());
  open.pop_back();
  while (server_->status().connections > 2) std::this_thread::sleep_for(Milliseconds(1));
  auto next = connect();
  EXPECT_EQ(next.ask(get("/open")).status, 200);
}

TEST_F(ServerTest, AnswersExpectOnceTheHandlerReads) {
  start();
  auto raw = connect();
  raw.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(raw.receive().status, 100);
  EXPECT_EQ(raw.ask("x").body, to_hex(sha256(view("x"))));
  raw.send("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  const auto unread = raw.receive();
  EXPECT_EQ(unread.body, "not wanted");
  EXPECT_EQ(unread.header("connection"), "close");
}

TEST_F(ServerTest, PassesOverSmallUnreadBodiesAndClosesOnLargeOnes) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(post("/unread", std::string(60'000, 'x'))).body, "not wanted");
  EXPECT_EQ(raw.ask(get("/open")).status, 200);
  const auto large = raw.ask(post("/unread", std::string(2'000'000, 'x')));
  EXPECT_EQ(large.body, "not wanted");
  EXPECT_EQ(large.header("connection"), "close");
  EXPECT_TRUE(raw.closed());
}

TEST_F(ServerTest, SurvivesGarbage) {
  start();
  std::uint32_t seed = 7;
  for (int round = 0; round < 200; ++round) {
    std::string bytes =
        round % 2
            ? get("/order")
            : std::string(
                  "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
      seed = seed * 1664525U + 1013904223U;
      bytes[(seed >> 8) % bytes.size()] = static_cast<char>(seed >> 24);
    }
    auto raw = connect();
    raw.send(bytes);
    raw.finish();
    raw.receive();
  }
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/open")).status, 200);
}

}  // namespace
}  // namespace drawbridge::http::test
