#include "fixture.h"

namespace drawbridge::http::test {
namespace {

Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e;
  }
  return {Code::internal, "nothing was thrown"};
}

TEST_F(ServerTest, ClientSpeaksJson) {
  start();
  auto own = client();
  const auto order = own.post("/order", Order{"tea", 3, {}}).as<Order>();
  EXPECT_EQ(order.item, "tea");
  EXPECT_EQ(own.get("/data/a%2Fb").body, "hash a/b");
  EXPECT_EQ(own.get("/data/" + encode_component("ä/ %")).body, "hash ä/ %");
  EXPECT_EQ(own.del("/data/x").status, 204);
  EXPECT_EQ(server_->status().connections, 1U);  // all on one
}

TEST_F(ServerTest, ClientThrowsWhatTheServerSays) {
  start();
  auto own = client();
  const auto gone = error_of([&] { own.get("/fail/gone"); });
  EXPECT_EQ(gone.code(), Code::gone);
  EXPECT_STREQ(gone.what(), "because /secret");
  EXPECT_EQ(gone.hint(), "do something");
  EXPECT_EQ(error_of([&] { own.get("/fail/cannot_open"); }).code(), Code::cannot_open);
  EXPECT_EQ(error_of([&] { client("wrong").get("/who"); }).code(), Code::unauthenticated);
  EXPECT_EQ(error_of([&] { own.post_text("/order", "{"); }).code(), Code::invalid);
  EXPECT_EQ(own.exchange({.target = "/nowhere"}).status, 404);
}

TEST_F(ServerTest, ClientGivesAHintWhenNobodyListens) {
  start();
  const auto url = server_->url();
  stop();
  const auto refused = error_of([&] { Client(url, "").get("/"); });
  EXPECT_EQ(refused.code(), Code::unavailable);
  EXPECT_NE(std::string(refused.what()).find("nothing listens there"), std::string::npos) << refused.what();
  EXPECT_NE(refused.hint().find("drawbridge run"), std::string::npos);
}

TEST_F(ServerTest, ClientReconnectsWhenAKeptConnectionWasClosed) {
  options_.idle_timeout = Milliseconds(40);
  start();
  auto own = client();
  EXPECT_EQ(own.get("/open").status, 200);
  while (server_->status().connections > 0) std::this_thread::sleep_for(Milliseconds(1));
  EXPECT_EQ(own.get("/open").status, 200);
}

TEST_F(ServerTest, ClientStopsAnUploadThatIsRefused) {
  start();
  std::uint64_t given = 0;
  ClientRequest request{.method = "POST", .target = "/order"};
  request.source_length = 1_GiB;
  request.source = [&](MutableBytes out) {
    given += out.size();
    return out.size();
  };
  auto stranger = client("");
  EXPECT_EQ(error_of([&] { stranger.send(request); }).code(), Code::unauthenticated);
  EXPECT_EQ(given, 0U);
  request.target = "/unread";
  EXPECT_EQ(stranger.send(request).body, "not wanted");
  EXPECT_EQ(given, 0U);
  EXPECT_EQ(stranger.get("/open").status, 200);
}

TEST_F(ServerTest, ClientReportsAFailedSource) {
  start();
  ClientRequest request{.method = "POST", .target = "/upload"};
  request.source = [](MutableBytes) -> std::size_t { throw Error(Code::corrupt, "the file went away"); };
  auto own = client();
  EXPECT_EQ(error_of([&] { own.send(request); }).code(), Code::corrupt);
  request.source = [](MutableBytes) -> std::size_t { return 0; };
  request.source_length = 5;
  EXPECT_EQ(error_of([&] { own.send(request); }).code(), Code::invalid);
  EXPECT_EQ(own.get("/open").status, 200);
}

TEST_F(ServerTest, ClientKeepsErrorsOutOfTheSink) {
  start();
  bool told = false;
  ClientRequest request{.target = "/fail/gone"};
  request.sink = [&](BytesView) { told = true; };
  auto own = client();
  EXPECT_EQ(error_of([&] { own.send(request); }).code(), Code::gone);
  EXPECT_FALSE(told);
}

TEST_F(ServerTest, ClientBoundsAnswersInMemory) {
  start();
  Client small(server_->url(), "", {.max_body_bytes = 1000});
  EXPECT_EQ(error_of([&] { small.get("/download/2000"); }).code(), Code::too_large);
}

TEST(ClientUrl, MustBeOne) {
  for (const auto* url : {"", "127.0.0.1:8081", "https://x", "http://", "http://:80", "http://a:b", "http://a@b/",
                          "http://a?x", "http://[::1"}) {
    EXPECT_EQ(error_of([&] { Client client(url, ""); }).code(), Code::invalid) << url;
  }
  EXPECT_NO_THROW(Client("http://localhost", ""));
  EXPECT_NO_THROW(Client("http://[::1]:8081/base/", ""));
}

TEST(ClientUrl, RefusesInjectedLines) {
  EXPECT_EQ(error_of([&] { Client("http://127.0.0.1:1", "a\r\nb").get("/"); }).code(), Code::invalid);
  EXPECT_EQ(error_of([&] { Client("http://127.0.0.1:1", "").get("/a\r\nb"); }).code(), Code::invalid);
}

}  // namespace
}  // namespace drawbridge::http::test
