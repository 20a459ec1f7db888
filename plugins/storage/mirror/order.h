#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "drawbridge/wakeup.h"

namespace drawbridge::mirror {

/// Lets writes to different subjects run side by side, and those that share one run in the order in which they came, so
/// that both storages see them in the same order. Thread-safe. Waiting is not cancelled.
class Order {
 public:
  /// A place in the order; left when it is destroyed.
  class Ticket {
   public:
    Ticket(Order& order, std::uint64_t number, std::vector<std::string> subjects, bool alone)
        : order_(order), number_(number), subjects_(std::move(subjects)), alone_(alone) {}
    ~Ticket() { order_.leave(*this); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    friend class Order;
    Order& order_;
    const std::uint64_t number_;
    const std::vector<std::string> subjects_;
    const bool alone_;
  };

  /// Waits until nothing that came earlier shares a subject. `subjects` without repetition. Throws busy when too many
  /// writes wait.
  Task<std::unique_ptr<Ticket>> enter(std::vector<std::string> subjects);
  /// Waits until everything that came earlier has left; what comes later waits.
  Task<std::unique_ptr<Ticket>> enter_alone();

  /// Whether a write to the subject, or any write, is under way or waits.
  bool busy(const std::string& subject) const;
  bool busy() const;

 private:
  Task<std::unique_ptr<Ticket>> wait(std::unique_ptr<Ticket> ticket);
  std::unique_ptr<Ticket> join(std::vector<std::string> subjects, bool alone);
  bool is_turn(const Ticket& ticket) const;
  void leave(const Ticket& ticket);

  mutable std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::string, std::deque<std::uint64_t>> queues_;
  std::set<std::uint64_t> tickets_;
  std::set<std::uint64_t> alone_;
  Wakeup changed_;
};

}  // namespace drawbridge::mirror
