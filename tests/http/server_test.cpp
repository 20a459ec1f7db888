
#include <cstdio>

#include "drawbridge/hash.h"
#include "fixture.h"

namespace drawbridge::http::test {
namespace {

TEST_F(ServerTest, ServesOnARealPort) {
  start();
  EXPECT_NE(server_->port(), 0);
  auto raw = connect();
  const auto response = raw.ask(get("/who"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "reader-id 127.0.0.1");
  EXPECT_EQ(response.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_NE(response.header("date").find(" GMT"), std::string::npos);
  EXPECT_FALSE(response.header("x-request-id").empty());
}

TEST_F(ServerTest, KeepsConnections) {
  start();
  auto raw = connect();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(raw.ask(get("/open")).status, 200);
  EXPECT_EQ(server_->status().connections, 1U);
  EXPECT_EQ(raw.ask(get("/open", "Connection: close\r\n")).header("connection"), "close");
  EXPECT_TRUE(raw.closed());
}

TEST_F(ServerTest, SpeaksHttp10) {
  start();
  auto raw = connect();
  const auto kept = raw.ask("GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.status, 200);
  EXPECT_EQ(kept.header("connection"), "keep-alive");
  EXPECT_EQ(raw.ask("GET /download/70000?chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").body.size(), 70000U);
  EXPECT_TRUE(raw.closed());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto raw = connect();
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += get("/number/" + std::to_string(i), "");
    all += post("/upload", "x", "");
    all += "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    all += post("/unread", "GET /number/99 HTTP/1.1\r\nHost: h\r\n\r\n", "");
  }
  std::thread sender([&] { raw.send(all); });
  const std::string digest = to_hex(sha256(view("x")));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(raw.receive().body, std::to_string(i));
    EXPECT_EQ(raw.receive().body, digest);
    EXPECT_EQ(raw.receive().body, digest);
    EXPECT_EQ(raw.receive().body, "not wanted");
  }
  sender.join();
}

TEST_F(ServerTest, RoutesAndRefuses) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/data/list")).body, R"({"limit":100,"deep":false})");
  EXPECT_EQ(raw.ask(get("/data/sha256:ab")).body, "hash sha256:ab");
  const auto missing = raw.ask(get("/nowhere"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find(R"("code":"not_found")"), std::string::npos);
  const auto wrong_method = raw.ask("PUT /data/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.header("allow"), "DELETE, GET, HEAD");
  EXPECT_EQ(raw.ask(get("/data/%zz")).status, 400);
  const auto empty = raw.ask("DELETE /data/x HTTP/1.1\r\nHost: h\r\nX-API-Key: sharer\r\n\r\n");
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.header("content-length"), "");
  EXPECT_EQ(raw.ask(get("/open")).body, "open");
}

TEST_F(ServerTest, HeadHasNoBody) {
  start();
  auto raw = connect();
  for (const auto* path : {"/open", "/download/100", "/download/100?chunked"}) {
    raw.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(raw.receive(true).status, 200) << path;
  }
  EXPECT_EQ(raw.ask(get("/open")).body, "open");
}

TEST_F(ServerTest, TypedParametersAndQueries) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/number/65535")).body, "65535");
  const auto beyond = raw.ask(get("/number/65536"));
  EXPECT_EQ(beyond.status, 422);
  EXPECT_NE(beyond.body.find(R"("error":"n: must be from 0 to 65535")"), std::string::npos) << beyond.body;
  EXPECT_EQ(raw.ask(get("/number/%20")).status, 422);
  EXPECT_EQ(raw.ask(get("/data/list?from=2026-04-14T12:30:00%2B02:00&limit=7&tag=a&tag=b&deep=true")).body,
            R"({"from":"2026-04-14T10:30:00Z","limit":7,"tag":["a","b"],"deep":true})");
  EXPECT_EQ(raw.ask(get("/data/list?tag=a")).body, R"({"limit":100,"tag":["a"],"deep":false})");
  const auto wrong = raw.ask(get("/data/list?limt=1&limit=x&deep=maybe&from=now&limit=2"));
  EXPECT_EQ(wrong.status, 422);
  EXPECT_NE(wrong.body.find(R"("field":"limt","message":"is not known here, did you mean limit?")"), std::string::npos)
      << wrong.body;
  for (const auto* field : {"limit", "deep", "from"})
    EXPECT_NE(wrong.body.find("\"field\":\"" + std::string(field) + "\""), std::string::npos);
}

TEST_F(ServerTest, BindsJsonBodies) {
  start();
  auto raw = connect();
  const auto made = raw.ask(post("/order", R"({"item":"tea","count":2})"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, R"({"item":"tea","count":2})");
  EXPECT_EQ(made.header("content-type"), "application/json");
  const auto malformed = raw.ask(post("/order", R"({"item":)"));
  EXPECT_EQ(malformed.status, 400);
  EXPECT_NE(malformed.body.find("malformed JSON"), std::string::npos);
  EXPECT_EQ(raw.ask(post("/order", "")).status, 400);
  const auto wrong = raw.ask(post("/order", R"({"item":1,"count":300,"nota":"x"})"));
  EXPECT_EQ(wrong.status, 422);
  for (const auto* text :
       {R"({"field":"item","message":"must be text"})", R"({"field":"count","message":"must be from 0 to 255"})",
        R"({"field":"nota","message":"is not known here, did you mean note?"})"}) {
    EXPECT_NE(wrong.body.find(text), std::string::npos) << wrong.body;
  }
  // Long enough to be parsed on the blocking pool.
  const std::string note(200'000, 'n');
  EXPECT_EQ(raw.ask(post("/order", R"({"item":"a","count":1,"note":")" + note + "\"}")).body.size(), 200'000U + 32U);
}

TEST_F(ServerTest, EchoesSaneRequestIds) {
  start();
  auto raw = connect();
  EXPECT_EQ(raw.ask(get("/open", "X-Request-Id: job-7.a_B\r\n")).header("x-request-id"), "job-7.a_B");
  const auto failed = raw.ask(get("/nowhere", "X-Request-Id: job-8\r\n"));
  EXPECT_NE(failed.body.find(R"("request_id":"job-8")"), std::string::npos);
  const auto first = raw.ask(get("/open", "X-Request-Id: <script>\r\n")).header("x-request-id");
  const auto second = raw.ask(get("/open", "X-Request-Id: " + std::string(65, 'a') + "\r\n")).header("x-request-id");
  EXPECT_EQ(first.find('<'), std::string::npos);
  EXPECT_LT(second.size(), 65U);
  EXPECT_NE(first, second);
}

TEST_F(ServerTest, HandlersErrorsBecomeResponses) {
  start();
  auto raw = connect();
  const auto gone = raw.ask(get("/fail/gone"));
  EXPECT_EQ(gone.status, 410);
  EXPECT_NE(gone.body.find(R"("error":"because /secret","code":"gone","hint":"do something")"), std::string::npos);
  for (const auto* code : {"internal", "corrupt", "foreign"}) {
    const auto response =
        raw.ask(get("/fail/" + std::string(code), "X-Request-Id: failing-" + std::string(code) + "\r\n"));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
    EXPECT_NE(host_.logged().find("failing-" + std::string(code) + ": GET /fail/{code}: "), std::string::npos);
  }
  EXPECT_NE(host_.logged().find("secret path /root"), std::string::npos);
}

TEST_F(ServerTest, TellsOfAPortInUse) {
  start();
  TestHost other_host(1);
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(server_->port());
  Server second(options, Router(), other_host);
  try {
    second.start();
    FAIL() << "two servers share a port";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::unavailable);
    EXPECT_NE(std::string(e.what()).find("the port is in use"), std::string::npos) << e.what();
    EXPECT_NE(e.hint().find(std::to_string(server_->port())), std::string::npos);
  }
  stop();
  second.start();  // and now it is free
  other_host.wait(second.stop());
}

TEST_F(ServerTest, RefusesOptionsThatMakeNoSense) {
  for (const auto* listen : {"", "8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "host.example:1",
                             "::1:80", "300.0.0.1:1"}) {
    Server server({.listen = listen}, Router(), host_);
    EXPECT_THROW(server.start(), Error) << listen;
  }
  Router router;
  router.get("/x", [](Request&) -> Task<Response> { co_return Response(); });
  Server keyless({.listen = "127.0.0.1:0"}, std::move(router), host_);
  try {
    keyless.start();
    FAIL() << "a route that needs keys is served without";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::invalid);
    EXPECT_NE(std::string(e.what()).find("GET /x"), std::string::npos);
  }
  EXPECT_THROW(Server({.trusted_proxies = {"x"}}, Router(), host_), Error);
  Server foreign({.listen = "192.0.2.1:0"}, Router(), host_);
  EXPECT_THROW(foreign.start(), Error);
}

TEST_F(ServerTest, ListensOnIpv6) {
  options_.listen = "[::1]:0";
  try {
    start();
  } catch (const Error& e) {
    std::printf("left out: no IPv6 here (%s)\n", e.what());
    return;
  }
  Client over_ipv6(server_->url(), "reader");
  EXPECT_EQ(over_ipv6.get("/who").body, "reader-id ::1");
}

}  // namespace
}  // namespace drawbridge::http::test
