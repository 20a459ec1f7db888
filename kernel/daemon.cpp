#include "kernel/daemon.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "kernel/file_watch.h"

namespace drawbridge::kernel {
namespace {

constexpr Milliseconds look_every{250};

/// A thread that waits for signals and for changes of the file, so that they are heard while another one starts,
/// reloads or stops the node.
class Watch {
 public:
  enum class Event { stop, reload, changed };

  explicit Watch(std::filesystem::path file)
      : file_(std::move(file)), stops_(context_, SIGTERM, SIGINT), reloads_(context_, SIGHUP), timer_(context_) {
    wait_stop();
    wait_reload();
    wait_change();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Watch() {
    context_.stop();
    thread_.join();
  }

  /// The next event. Several wishes for a reload are one, and a stop is the last event.
  Event next() {
    std::unique_lock lock(mutex_);
    happened_.wait(lock, [this] { return signal_ != 0 || reload_ || changed_; });
    if (signal_ != 0) return Event::stop;
    const bool asked = reload_;
    reload_ = changed_ = false;
    return asked ? Event::reload : Event::changed;
  }
  int signal() const {
    const std::lock_guard lock(mutex_);
    return signal_;
  }

 private:
  template <class Change>
  void tell(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    happened_.notify_all();
  }

  void wait_stop() {
    stops_.async_wait([this](boost::system::error_code failure, int number) {
      if (failure) return;
      tell([&] { signal_ = number; });
      stops_.async_wait([](boost::system::error_code second_failure, int second) {
        if (!second_failure) std::_Exit(128 + second);
      });
    });
  }
  void wait_reload() {
    reloads_.async_wait([this](boost::system::error_code failure, int) {
      if (failure) return;
      tell([&] { reload_ = true; });
      wait_reload();
    });
  }
  void wait_change() {
    timer_.expires_after(look_every);
    timer_.async_wait([this](boost::system::error_code failure) {
      if (failure) return;
      if (file_.changed()) tell([&] { changed_ = true; });
      wait_change();
    });
  }

  FileWatch file_;
  asio::io_context context_{1};
  asio::signal_set stops_;
  asio::signal_set reloads_;
  asio::steady_timer timer_;
  mutable std::mutex mutex_;
  std::condition_variable happened_;
  int signal_ = 0;
  bool reload_ = false;
  bool changed_ = false;
  std::thread thread_;
};

void reload(Node& node) {
  try {
    node.reload();
  } catch (const ConfigErrors& errors) {
    for (const auto& error : errors.errors()) node.log().error("{}", error.text());
    node.log().error("not reloaded: the node goes on with the configuration that it has");
  } catch (const Error& error) {
    node.log().error("not reloaded, the node goes on as it is: {}{}", error.what(),
                     error.hint().empty() ? std::string() : " (" + error.hint() + ")");
  }
}

}  // namespace

int run_until_signal(Node& node) {
  const auto begin = std::chrono::steady_clock::now();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of that write, not of the process
  Watch watch(node.config().file);
  node.start();
  node.log().info("ready in {} ms",
                  std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin).count());
  for (auto event = watch.next(); event != Watch::Event::stop; event = watch.next()) {
    if (event == Watch::Event::changed && !node.watching()) continue;
    node.log().info("reloading {}", event == Watch::Event::changed ? "the file that has changed" : "on SIGHUP");
    reload(node);
  }
  node.log().info("stopping on {}", watch.signal() == SIGINT ? "SIGINT" : "SIGTERM");
  node.stop();
  if (node.abandoned()) std::_Exit(1);
  node.log().info("stopped");
  return 0;
}

}  // namespace drawbridge::kernel
