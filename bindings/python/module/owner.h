#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "call.h"
#include "drawbridge/component.h"
#include "drawbridge/error.h"
#include "kernel/node.h"
#include "kernel/workbench.h"

namespace drawbridge::python {

/// An object of a component that Python keeps: a writer, a stream, an open asset. It ends with the component at the
/// latest.
class Resource {
 public:
  virtual ~Resource() = default;
  virtual void drop() = 0;
};

/// What Python has opened: a component on the workbench, or a whole node. Calls go through it, so that closing it can
/// wait for them. Kept by a list of all owners until it is closed.
class Owner : public CallSite {
 public:
  ~Owner() override = default;

  asio::any_io_executor executor() override { return runtime_.executor(); }
  void waits(const Held<Call>& call) override;
  void waits_no_more(const Held<Call>& call) override;

  /// Begins a use. Throws unavailable once it is closed, and in a process that forked after it was opened.
  void enter();
  void leave();
  bool closed() const { return closed_; }

  /// Ends calls that wait, drops resources, stops what it owns, users before what they use. Once; blocks, without the
  /// GIL. What does not end in time is kept for the rest of the process.
  void close();
  void adopt(const std::shared_ptr<Resource>& resource);
  /// That one uses this: it is closed first.
  void used_by(const std::shared_ptr<Owner>& user);

  virtual std::string name() const = 0;
  virtual std::vector<ComponentStatus> status() const = 0;

 protected:
  Owner();
  /// Puts it on the list. A second step, for the list shares it.
  void enlist();
  /// Takes it from the list again: it never ran.
  void abandon();
  virtual void stop() = 0;
  kernel::Runtime& runtime() const { return runtime_; }

 private:
  void end_calls();
  bool wait_for_calls(Milliseconds at_most);
  void forget();

  const int generation_;
  kernel::Runtime& runtime_;
  std::atomic<bool> closed_{false};
  std::atomic<int> uses_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Held<Call>> waiting_;
  std::vector<std::weak_ptr<Resource>> resources_;
  std::vector<std::weak_ptr<Owner>> users_;
};

/// A component on the workbench.
class PartOwner final : public Owner {
 public:
  /// Makes the component and starts it, waiting as any call does. With the GIL.
  static std::shared_ptr<PartOwner> open(kernel::PartConfig config, std::vector<std::shared_ptr<Owner>> uses);

  explicit PartOwner(std::unique_ptr<kernel::Part> part, std::vector<std::shared_ptr<Owner>> uses)
      : part_(std::move(part)), uses_(std::move(uses)) {}
  std::string name() const override { return name_; }
  std::vector<ComponentStatus> status() const override;
  const std::shared_ptr<Component>& component() const { return part_->component(); }

 protected:
  void stop() override;

 private:
  static Task<> start(std::shared_ptr<PartOwner> self);

  std::atomic<bool> unwanted_{false};  ///< Nobody waits for its start any more.
  std::unique_ptr<kernel::Part> part_;
  std::vector<std::shared_ptr<Owner>> uses_;
  std::string name_ = part_->name();
};

/// A whole node.
class NodeOwner final : public Owner {
 public:
  /// With the GIL, which it gives away.
  static std::shared_ptr<NodeOwner> open(std::unique_ptr<kernel::Node> node);

  explicit NodeOwner(std::unique_ptr<kernel::Node> node) : node_(std::move(node)), name_(node_->config().node.name) {}
  std::string name() const override { return name_; }
  std::vector<ComponentStatus> status() const override { return node_->status(); }
  std::shared_ptr<Component> component(const std::string& name) const { return node_->find<Component>(name); }

 protected:
  void stop() override;

 private:
  std::unique_ptr<kernel::Node> node_;
  std::string name_;
};

/// Where plugins are looked for, and what the workbench logs. Before the first component is opened: later the log
/// level is what it was.
struct Settings {
  std::vector<std::filesystem::path> plugin_dirs;
  kernel::LogConfig log;
};
Settings& settings();

/// The workbench of this process, made when first asked for, and anew in a forked child.
kernel::Workbench& workbench();

/// In a child: forgets what belongs to the parent, whose threads are not here.
void after_fork();
/// At exit: closes what is still open, newest first, and ends all threads. Without the GIL.
void shut_down();

}  // namespace drawbridge::python
