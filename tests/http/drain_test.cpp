#include <future>

#include "fixture.h"

namespace drawbridge::http::test {
namespace {

TEST_F(ServerTest, StopIsSafeWithoutStartAndTwice) {
  Server never(options_, Router(), host_);
  host_.wait(never.stop());
  start();
  stop();
  stop();
  EXPECT_EQ(server_->status().connections, 0U);
}

TEST_F(ServerTest, DrainFinishesWhatIsUnderWayAndRefusesWhatIsNew) {
  start();
  auto busy = connect();
  auto kept = connect();
  EXPECT_EQ(kept.ask(get("/open")).status, 200);
  busy.send(get("/gate"));
  while (begun_ == 0) std::this_thread::sleep_for(Milliseconds(1));
  auto stopping = std::async(std::launch::async, [&] { stop(); });
  try {
    for (;;) connect();  // until nothing new is accepted: the stop has begun
  } catch (const std::runtime_error&) {
  }
  const auto refused = kept.ask(get("/open"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("connection"), "close");
  EXPECT_NE(refused.body.find(R"("code":"unavailable")"), std::string::npos);
  EXPECT_TRUE(kept.closed());
  gate_ = true;
  const auto finished = busy.receive();
  EXPECT_EQ(finished.status, 200);
  EXPECT_EQ(finished.body, "through");
  EXPECT_EQ(finished.header("connection"), "close");
  stopping.get();
  EXPECT_EQ(server_->status().connections, 0U);
  EXPECT_THROW(RawClient(server_->port()), std::runtime_error);
}

TEST_F(ServerTest, DrainTimeoutCutsOffWhatDoesNotEnd) {
  options_.drain_timeout = Milliseconds(50);
  start();
  auto busy = connect();
  busy.send(get("/gate"));
  auto reading = connect();
  reading.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  while (begun_ < 2) std::this_thread::sleep_for(Milliseconds(1));
  stop();
  EXPECT_EQ(busy.receive().status, 0);
  EXPECT_EQ(reading.receive().status, 0);
  EXPECT_NE(host_.logged().find("cutting off 2 requests"), std::string::npos) << host_.logged();
}

TEST_F(ServerTest, DrainUnderLoadBreaksNoResponse) {
  start();
  std::atomic<int> good{0};
  std::atomic<int> refused{0};
  std::atomic<int> broken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient raw(server_->port());
      for (;;) {
        const auto response = raw.ask(i % 2 ? get("/download/300000") : post("/order", R"({"item":"a","count":1})"));
        if (response.status == 200 || response.status == 201) {
          ++good;
          if (response.header("connection") == "close") return;
        } else {
          ++(response.status == 503 ? refused : broken);
          return;
        }
      }
    });
  }
  while (good < 200) std::this_thread::sleep_for(Milliseconds(1));
  stop();
  for (auto& thread : clients) thread.join();
  EXPECT_EQ(broken, 0);
  EXPECT_GE(good, 200);
}

}  // namespace
}  // namespace drawbridge::http::test
