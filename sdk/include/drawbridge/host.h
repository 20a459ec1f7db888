#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
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

/// What a reload did, as names of components.
struct ReloadReport {
  std::vector<std::string> kept;      ///< Unchanged: the same instances as before.
  std::vector<std::string> replaced;  ///< By a new instance of the same plugin, or of another.
  std::vector<std::string> added;
  std::vector<std::string> removed;
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

  /// In `start`, when a reload replaces a component by this one: the old one, which still runs and serves, so that the
  /// new one can take over what cannot be had twice (a listening socket, an open database, the head of a log). It is
  /// stopped once this one has started; when the start fails it goes on. Cast it to one's own class: null when that is
  /// another plugin's. Null also on a first start.
  virtual std::shared_ptr<Component> predecessor() const;

  /// Reads the node's configuration again and changes over to it; see `drawbridge reload`. Throws invalid with all that
  /// is wrong in it, busy when a reload is under way, unsupported where nothing can be reloaded, or what a component
  /// threw in its start; then nothing has changed. Old components are stopped after it returns: it may be called by one
  /// of them.
  virtual Task<ReloadReport> reload();

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
