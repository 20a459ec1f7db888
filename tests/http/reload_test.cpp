// A server that takes over the sockets and the connections of another one.
#include <future>

#include "fixture.h"

namespace drawbridge::http::test {
namespace {

class Takeover : public ServerTest {
 protected:
  static Router router(const std::string& answer) {
    Router out;
    out.get("/open", [answer](Request&) -> Task<Response> { co_return Response::text(answer); }, {.auth = false});
    return out;
  }
  std::unique_ptr<Server> successor(const std::string& answer) {
    auto next = std::make_unique<Server>(options_, router(answer), host_);
    next->start(server_.get());
    return next;
  }
  static std::string ask(RawClient& client) { return client.ask(get("/open", "")).body; }
  /// The workers hear of it one after the other.
  static void await(RawClient& client, const std::string& answer) {
    while (ask(client) != answer) std::this_thread::sleep_for(Milliseconds(1));
  }
};

TEST_F(Takeover, ConnectionsGoOnAndRequestsUnderWayAreFinishedByTheOldOne) {
  start();
  auto kept = connect();
  EXPECT_EQ(ask(kept), "open");
  auto busy = connect();
  busy.send(get("/gate"));
  while (begun_ == 0) std::this_thread::sleep_for(Milliseconds(1));

  const auto next = successor("new");
  EXPECT_EQ(next->port(), server_->port());
  await(kept, "new");
  auto stopping = std::async(std::launch::async, [&] { stop(); });
  EXPECT_EQ(stopping.wait_for(Milliseconds(50)), std::future_status::timeout) << "a request is under way";
  gate_ = true;
  const auto finished = busy.receive();
  EXPECT_EQ(finished.body, "through");
  EXPECT_NE(finished.header("connection"), "close");
  stopping.get();
  EXPECT_EQ(ask(busy), "new");
  EXPECT_EQ(ask(kept), "new");
  auto fresh = connect();
  EXPECT_EQ(ask(fresh), "new");
  host_.wait(next->stop());
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(Takeover, TheOldOneServesAgainWhenTheNewOneStops) {
  start();
  auto kept = connect();
  const auto next = successor("new");
  await(kept, "new");
  host_.wait(next->stop());
  EXPECT_EQ(ask(kept), "open");
  host_.wait(next->stop());
  EXPECT_EQ(ask(kept), "open");
  stop();
  EXPECT_TRUE(kept.closed());
}

TEST_F(Takeover, LimitsChange) {
  options_.json_bytes = 1024;
  start();
  auto client = connect();
  const std::string body = "{\"item\":\"" + std::string(2000, 'x') + "\",\"count\":1}";
  EXPECT_EQ(client.ask(post("/order", body)).status, 413);
  options_.json_bytes = 4096;
  const auto takes_body = [](Request& request) -> Task<Response> {
    const std::string text = co_await request.text();
    co_return Response::text(std::to_string(text.size()));
  };
  Router more = router("new");
  more.post("/order", takes_body, {.auth = false});
  const auto next = std::make_unique<Server>(options_, std::move(more), host_);
  next->start(server_.get());
  auto other = connect();
  await(other, "new");
  stop();
  EXPECT_EQ(other.ask(post("/order", body)).body, std::to_string(body.size()));
  host_.wait(next->stop());
}

TEST_F(Takeover, AnotherAddressIsAnotherSocket) {
  start();
  const auto port = server_->port();
  options_.listen = "127.0.0.2:" + std::to_string(port);
  const auto next = successor("new");
  auto kept = connect();
  EXPECT_EQ(ask(kept), "open");
  stop();
  EXPECT_TRUE(kept.closed());
  Client client(next->url(), "");
  EXPECT_EQ(client.get("/open").body, "new");
  host_.wait(next->stop());
}

TEST_F(Takeover, AForeignListenerIsStillFoundOut) {
  start();
  options_.listen = "127.0.0.1:" + std::to_string(server_->port());
  Server other(options_, router("other"), host_);
  EXPECT_THROW(other.start(), Error);
  stop();
}

TEST_F(Takeover, UnderLoadBreaksNoRequest) {
  start();
  std::atomic<bool> over{false};
  std::atomic<int> broken{0}, served{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      auto client = connect();
      while (!over) {
        const auto answer = client.ask(get("/open", ""));
        ++(answer.status == 200 && answer.header("connection") != "close" ? served : broken);
        if (answer.status != 200) return;
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    auto next = successor(std::to_string(i));
    const int seen = served;
    while (served < seen + 20 && broken == 0) std::this_thread::yield();
    stop();
    server_ = std::move(next);
  }
  over = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(broken, 0);
}

}  // namespace
}  // namespace drawbridge::http::test
