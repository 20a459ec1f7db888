#include "kernel/daemon.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

namespace drawbridge::kernel {
namespace {

/// A thread that waits for signals, so that they are heard while another one starts or stops the node.
class SignalWatch {
 public:
  SignalWatch() : signals_(context_, SIGTERM, SIGINT) {
    wait_first();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~SignalWatch() {
    context_.stop();
    thread_.join();
  }

  int first() { return first_.get_future().get(); }

 private:
  void wait_first() {
    signals_.async_wait([this](boost::system::error_code failure, int number) {
      if (failure) return;
      first_.set_value(number);
      signals_.async_wait([](boost::system::error_code second_failure, int second) {
        if (!second_failure) std::_Exit(128 + second);
      });
    });
  }

  asio::io_context context_{1};
  asio::signal_set signals_;
  std::promise<int> first_;
  std::thread thread_;
};

}  // namespace

int run_until_signal(Node& node) {
  const auto begin = std::chrono::steady_clock::now();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of that write, not of the process
  SignalWatch watch;
  node.start();
  node.log().info("ready in {} ms",
                  std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin).count());
  const int signal = watch.first();
  node.log().info("stopping on {}", signal == SIGINT ? "SIGINT" : "SIGTERM");
  node.stop();
  if (node.abandoned()) std::_Exit(1);
  node.log().info("stopped");
  return 0;
}

}  // namespace drawbridge::kernel
