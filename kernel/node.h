#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/host.h"
#include "kernel/config.h"

namespace drawbridge::kernel {

struct NodeOptions {
  std::vector<std::filesystem::path> plugin_dirs;  ///< Where `<id>.so` files are; the first that has one wins.
  std::optional<Level> log_level;                  ///< Overrides every level of the configuration.
  const Clock* clock = nullptr;                    ///< Null: the system's. Outlives the node.
  Random* random = nullptr;                        ///< Null: the system's. Outlives the node.
};

/// One node in this process: the components of a configuration, and the threads that they run on.
///
///     auto node = Node::from_file("node.yaml", {.plugin_dirs = {dir}});   // throws ConfigErrors
///     node->start();                                                        // throws Error
///     auto records = node->find<Records>("main");
///     auto value = node->wait(records->get("key"));
///     node->stop();
///
/// A node starts once. Its methods are called from one thread that is not one of its own; `status`, `find`, `wait` and
/// `reload` from any such thread. What `find` returned must be let go before the node is destroyed.
class DRAWBRIDGE_API Node {
 public:
  /// Reads and checks a configuration, loads its plugins, applies all options and binds the references: everything
  /// but `start`, with no side effect but loaded libraries. Throws ConfigErrors with all that is wrong. `file_name` is
  /// for messages, and relative paths begin in its folder.
  static std::unique_ptr<Node> from_text(std::string yaml, std::string file_name, NodeOptions options);
  /// The same for a file. Throws also Error{not_found or unavailable} when it cannot be read.
  static std::unique_ptr<Node> from_file(std::filesystem::path file, NodeOptions options);

  /// Stops first. A node with a thread that does not come back is leaked rather than pulled from under it.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Takes the lock of `node.data`, then starts every component after all that it uses. When one fails, it and those
  /// that run already are stopped in reverse, and what it threw is thrown, with its name in front; something that is no
  /// Error becomes internal. Blocks.
  void start();
  /// The same for these components and what they use. Throws invalid for an unknown name.
  void start(const std::vector<std::string>& only);

  /// Stops the components in exact reverse order and gives the lock back. Each may use what is left of
  /// `node.stop_timeout`, and at least a tenth of it, at most one second; one that is not done by then is logged and
  /// given up on, and what it throws is logged. Does nothing when never started, or when called again. Blocks.
  void stop();

  /// Reads the file again and changes over to what it says, while requests go on:
  ///
  ///  - a component is kept when its plugin, its options (with the content of their secrets) and all that it uses are
  ///    as before; log levels and `node.stop_timeout` change without replacing anything;
  ///  - the others are created and started beside the old ones, in dependency order;
  ///  - then the old ones are stopped in reverse order in the background, when their requests have ended.
  ///
  /// Throws ConfigErrors, what a component threw in its start, busy when a reload is under way, unavailable when the
  /// node does not run, unsupported when it was not made of a file or runs in part: then everything goes on as before.
  /// Blocks; not on a thread of the node.
  ReloadReport reload();
  /// The same with this text for the content of the file.
  ReloadReport reload(std::string yaml);

  /// The facet of a component; null when there is no such component, or it has no such facet.
  template <class Facet>
  std::shared_ptr<Facet> find(std::string_view component) const {
    return std::dynamic_pointer_cast<Facet>(this->component(component));
  }

  /// Runs a task on an I/O thread, blocks until it is done, and returns or throws what it did. Throws Error{internal}
  /// on a thread of the node, where it would wait for itself, and before `start`.
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

  /// The components that were started (before that, all) with their health, in start order.
  std::vector<ComponentStatus> status() const;

  /// Valid until the next reload.
  const Config& config() const;
  /// `node.watch`. Thread-safe.
  bool watching() const;
  /// Its log, under the name `node`. Only after `start`.
  Logger& log() const;
  /// Whether `stop` gave up on something: then the process should end without destroying this.
  bool abandoned() const;

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  static std::unique_ptr<Impl> make(std::string yaml, std::string file_name, NodeOptions options, bool is_file);

  template <class T>
  static Task<> store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
  void run(Task<> task);
  std::shared_ptr<Component> component(std::string_view name) const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace drawbridge::kernel
