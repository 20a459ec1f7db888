#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "drawbridge/clock.h"
#include "drawbridge/component.h"
#include "drawbridge/log.h"
#include "drawbridge/random.h"
#include "drawbridge/task.h"

namespace drawbridge {

/// A component's health as the kernel sees it.
struct ComponentStatus {
  std::string name;
  std::string plugin;
  std::string version;
  Health health;
};

/// What a component knows of the world: its only way to threads, time, randomness and the log. Each component has
/// its own Host, which outlives it. Every method is thread-safe.
class DRAWBRIDGE_API Host {
 public:
  virtual ~Host();

  /// This component's name in the configuration.
  virtual const std::string& name() const = 0;
  /// `node.name` of the configuration.
  virtual const std::string& node_name() const = 0;

  /// One of the I/O threads' executors; call again to spread work over the threads.
  virtual asio::any_io_executor executor() = 0;
  /// All of them, one a core, for a server that accepts on each.
  virtual std::vector<asio::any_io_executor> executors() = 0;

  virtual const Clock& clock() const = 0;
  virtual Random& random() = 0;
  virtual Logger& log() = 0;

  /// Waits on the clock of this host. Returns early, without an error, when the awaiting task is cancelled.
  virtual Task<> sleep(Milliseconds duration) = 0;

  /// Every component of the node with its health, in start order.
  virtual std::vector<ComponentStatus> status() const = 0;

  /// Runs `work` on the blocking pool and resumes the caller on its own executor. What may block a thread for more
  /// than some microseconds (a disk, a password derivation, bulk cryptography) belongs here. The pool's queue is
  /// bounded: throws Error{busy} when it is full. What `work` throws is rethrown here.
  ///
  ///     Bytes sealed = co_await host.blocking([&] { return seal(key, plain); });   // captures outlive the await
  template <class Work>
  Task<std::invoke_result_t<Work&>> blocking(Work work) {
    using Result = std::invoke_result_t<Work&>;
    if constexpr (std::is_void_v<Result>) {
      co_await run_blocking([&work] { work(); });
    } else {
      std::optional<Result> result;
      co_await run_blocking([&work, &result] { result.emplace(work()); });
      co_return std::move(*result);
    }
  }

 protected:
  virtual Task<> run_blocking(std::function<void()> work) = 0;
};

}  // namespace drawbridge
