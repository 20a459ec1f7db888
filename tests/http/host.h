#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drawbridge/host.h"

namespace drawbridge::http::test {

/// A host without a kernel: some I/O threads, a small blocking pool, and a log that tests can read.
class TestHost final : public Host, private Clock, private Logger {
 public:
  explicit TestHost(std::size_t threads = 2);
  ~TestHost() override;

  const std::string& name() const override { return name_; }
  const std::string& node_name() const override { return name_; }
  asio::any_io_executor executor() override { return contexts_.front()->get_executor(); }
  std::vector<asio::any_io_executor> executors() override;
  const Clock& clock() const override { return *this; }
  Random& random() override { return system_random(); }
  Logger& log() override { return *this; }
  Task<> sleep(Milliseconds duration) override;
  std::vector<ComponentStatus> status() const override { return {}; }

  /// Runs a task on the first I/O thread and waits for it.
  void wait(Task<> task);
  std::string logged() const;

 protected:
  Task<> run_blocking(std::function<void()> work) override;

 private:
  Timestamp now() const override;
  bool enabled(Level level) const override { return level >= Level::info; }
  void write(Level level, std::string_view message) override;

  const std::string name_ = "test";
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::vector<std::thread> threads_;
  asio::thread_pool pool_{2};
  mutable std::mutex mutex_;
  std::string logged_;
};

}  // namespace drawbridge::http::test
