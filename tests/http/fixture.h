#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/describe/class.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "drawbridge/http/client.h"
#include "drawbridge/http/server.h"
#include "host.h"
#include "keys.h"
#include "raw.h"

namespace drawbridge::http::test {

struct Order {
  std::string item;
  std::uint8_t count = 0;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(Order, (), (item, count, note))

struct Query {
  std::optional<Timestamp> from;
  Default<std::uint32_t> limit = 100;
  std::optional<std::vector<std::string>> tag;
  Default<bool> deep = false;
};
BOOST_DESCRIBE_STRUCT(Query, (), (from, limit, tag, deep))

/// A real server on loopback with a handful of routes. Keys: "reader" may read, "sharer" read and share.
class ServerTest : public testing::Test {
 protected:
  ServerTest();
  ~ServerTest() override;

  /// Starts it with the options as they are then.
  void start();
  void stop();
  RawClient connect() const { return RawClient(server_->port()); }
  Client client(std::string key = "sharer") const { return Client(server_->url(), std::move(key)); }

  static std::string get(const std::string& target, const std::string& more = "X-API-Key: reader\r\n");
  static std::string post(const std::string& target, const std::string& body,
                          const std::string& more = "X-API-Key: sharer\r\n");

  TestHost host_{2};
  TestKeys keys_;
  ServerOptions options_;
  Router router_;
  std::unique_ptr<Server> server_;
  std::atomic<int> begun_{0};            ///< Requests that reached a handler.
  std::atomic<bool> gate_{false};        ///< What "/gate" waits for.
  std::atomic<std::uint64_t> taken_{0};  ///< Bytes that "/upload" has read.

 private:
  void add_routes();
};

}  // namespace drawbridge::http::test
