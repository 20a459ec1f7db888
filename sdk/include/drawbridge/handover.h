#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "drawbridge/records.h"
#include "drawbridge/transport.h"

namespace drawbridge {

/// The component that this one replaces in a reload, when it is of the same class; null on a first start. For `start`.
///
/// A reload starts the new component beside the old one, lets requests pass over, and stops the old one when all that
/// uses it has ended. Should a later start fail, it is the new one that is stopped, and the old one goes on. So for a
/// while both run, and either may be the first to stop. A component without anything that exists only once has nothing
/// to do. Otherwise it keeps that in a state of its own, a Handover, and shares it with its successor:
///
///     Task<> start(Host& host) override {
///       const auto old = adopt<MyStorage>(host);
///       if (old && old->path_ == path_ && database_.join(old->database_)) co_return;   // the same open database
///       database_.begin(open(path_));
///     }
///     Task<> stop() override {
///       if (database_.leave()) co_await close(*database_);                               // the last one closes it
///     }
///
/// The Host of both is the same object, so a shared state may keep a reference to it.
template <class Class>
std::shared_ptr<Class> adopt(const Host& host) {
  return std::dynamic_pointer_cast<Class>(host.predecessor());
}

/// A state that generations of a component share, with the number of those that have not left it. What it points to
/// stays usable after `leave`, for calls that are still under way; whoever was told to be the last ends it.
template <class State>
class Handover {
 public:
  void begin(std::shared_ptr<State> state) {
    state_ = std::move(state);
    users_ = std::make_shared<std::atomic<int>>(1);
    inside_ = true;
  }
  /// False, and nothing has happened, when the other has no state.
  bool join(const Handover& other) {
    if (!other.state_) return false;
    state_ = other.state_;
    users_ = other.users_;
    ++*users_;
    inside_ = true;
    return true;
  }
  /// True for the last one, once: it has to end the state. False when it never began, and when called again.
  bool leave() { return inside_.exchange(false) && --*users_ == 0; }

  State* operator->() const { return state_.get(); }
  State& operator*() const { return *state_; }
  explicit operator bool() const { return state_ != nullptr; }
  const std::shared_ptr<State>& share() const { return state_; }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<std::atomic<int>> users_;
  std::atomic<bool> inside_{false};
};

/// Whether both write to the same place, found out by writing through the one and reading through the other: what was
/// kept in memory of the records of the one is then true of the other. Throws what they throw. Both outlive the task.
DRAWBRIDGE_API Task<bool> same_records(Host& host, Records& mine, Records& other);

/// The protocols that a transport serves, by the component through which they were registered, so that the transports
/// of two generations can share one set of connections. The newest registration of a protocol gets its streams.
/// Thread-safe.
class DRAWBRIDGE_API ProtocolTable {
 public:
  /// Throws conflict when this owner serves it already.
  void serve(const void* owner, std::string protocol, Transport::Handler handler);
  void withdraw(const void* owner, const std::string& protocol);
  void withdraw_all(const void* owner);
  /// Empty when nobody serves it.
  Transport::Handler find(const std::string& protocol) const;

 private:
  struct Entry {
    const void* owner;
    std::string protocol;
    Transport::Handler handler;
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace drawbridge
