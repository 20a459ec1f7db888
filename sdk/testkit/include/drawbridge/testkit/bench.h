#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/plugin.h"
#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

/// A case that does not apply. Thrown by the case; it is reported as skipped, with this reason.
class DRAWBRIDGE_API Skip : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Skip() override;
};

/// Runs tasks for a case on the threads of the node under test, while the thread of the case waits.
class DRAWBRIDGE_API Runner {
 public:
  virtual ~Runner();

  /// Returns when the task has ended; throws what it threw.
  virtual void run(Task<> task) = 0;

  template <class T>
  T wait(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      run(std::move(task));
    } else {
      std::optional<T> result;
      run(store(std::move(task), result));
      return std::move(*result);
    }
  }

 private:
  template <class T>
  static Task<> store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
};

class Bench;

/// An instance of the plugin under test, in a node of its own with an empty data folder, where all that it uses runs
/// already. It is configured and not started. Used by the thread of the case alone.
class DRAWBRIDGE_API Mount : public Runner {
 public:
  explicit Mount(Bench& bench) : bench_(bench) {}
  ~Mount() override;

  virtual const std::shared_ptr<Component>& component() = 0;
  /// The identity of its node, and the one of its transport; null when nothing there is one.
  virtual std::shared_ptr<Identity> identity() = 0;
  /// Destroys the instance and makes another with the same options on the same data. Stop it first.
  virtual void renew() = 0;

  /// Each waits for at most Bench::deadline(); beyond, the case is over. They throw what the component threw.
  void start();
  void stop();
  void run(Task<> task) override;

  /// What a coroutine of this instance runs on: one thread, always the same.
  virtual asio::any_io_executor executor() = 0;

  /// Throws Failure when it is none.
  template <class Facet>
  std::shared_ptr<Facet> facet() {
    auto found = std::dynamic_pointer_cast<Facet>(component());
    if (!found) throw Failure("it is no " + std::string(Facet::facet_name));
    return found;
  }

 protected:
  virtual Host& host() = 0;

 private:
  void run_as(const std::string& what, Task<> task);

  Bench& bench_;
};

/// Makes instances of the plugin under test. Made by whoever has a kernel, for one case.
class DRAWBRIDGE_API Bench {
 public:
  virtual ~Bench();

  virtual const PluginDescriptor& descriptor() const = 0;
  /// A bare instance, as the plugin creates it: without options.
  virtual std::shared_ptr<Component> create() = 0;
  /// A configured one. Nodes with different names are different nodes; the same name twice gives two of that name.
  virtual std::unique_ptr<Mount> mount(const std::string& node_name) = 0;
  std::unique_ptr<Mount> mount() { return mount("alice"); }
  /// Tries the configuration with one more option. Throws what is wrong with it.
  virtual void try_option(const std::string& name, const std::string& value) = 0;
  /// The shortest of several loads of the library, each in a process that did not have it.
  virtual std::chrono::microseconds load_time() = 0;

  /// How long start, stop or one call may take.
  virtual Milliseconds deadline() const = 0;
  /// What happens now, so that a crash or a hang has a place: "in start()".
  virtual void note(const std::string& doing) = 0;
  /// Reports the case as failed and ends the process, for a thread is lost.
  [[noreturn]] virtual void hung(const std::string& what) = 0;
};

/// What a case threw, in words for the author of the plugin.
DRAWBRIDGE_API std::string failure_text(const std::exception_ptr& failure);

}  // namespace drawbridge::testkit
