#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core.h"
#include "drawbridge/task.h"

namespace drawbridge::http {

class Connection;

/// One I/O thread's share of a server: an acceptor and the connections that it accepted. Everything here runs on that
/// thread, so nothing is locked.
class Worker {
 public:
  Worker(std::shared_ptr<Core> core, std::shared_ptr<Generation> generation, asio::any_io_executor executor,
         asio::ip::tcp::acceptor acceptor);

  /// Spawns the accept loop and the sweep.
  static void start(const std::shared_ptr<Worker>& self);
  /// From any thread: no further connections.
  static void stop_accepting(const std::shared_ptr<Worker>& self);
  /// From any thread: closes the connections without a request under way, or all of them. The sweep ends with the last
  /// one.
  static void close_connections(const std::shared_ptr<Worker>& self, bool busy_ones_too);

  /// From any thread: further requests belong to this generation. Counted by `Core::switching` until it is so.
  static void use(const std::shared_ptr<Worker>& self, std::shared_ptr<Generation> generation);

  Core& core() { return *core_; }
  const std::shared_ptr<Generation>& generation() const { return generation_; }
  const asio::any_io_executor& executor() const { return executor_; }
  /// Steady time in milliseconds, as of the last sweep: as exact as timeouts need it, and free.
  std::int64_t now_ms() const { return now_ms_; }
  /// The value of the Date header, as of the last sweep.
  const std::string& date() const { return date_; }
  std::string next_request_id();

  void add(Connection& connection);
  void remove(Connection& connection);

 private:
  Task<> accept();
  Task<> sweep();
  void take(asio::ip::tcp::socket socket, const std::shared_ptr<Worker>& self);
  void refresh_clock();
  void spawn(Task<> task, const std::shared_ptr<Worker>& self);

  const std::shared_ptr<Core> core_;
  std::shared_ptr<Generation> generation_;
  const asio::any_io_executor executor_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::vector<Connection*> connections_;
  std::int64_t now_ms_ = 0;
  std::string date_;
  std::string id_prefix_;
  std::uint64_t ids_ = 0;
  std::weak_ptr<Worker> self_;
};

}  // namespace drawbridge::http
