#include "order.h"

#include <algorithm>

#include "drawbridge/error.h"

namespace drawbridge::mirror {
namespace {

constexpr std::size_t max_tickets = 10'000;

}  // namespace

std::unique_ptr<Order::Ticket> Order::join(std::vector<std::string> subjects, bool alone) {
  const std::lock_guard lock(mutex_);
  if (!alone && tickets_.size() >= max_tickets) {
    throw Error(Code::busy, "too many writes wait for the storages of the mirror", "retry in a moment");
  }
  const auto number = next_++;
  auto ticket = std::make_unique<Ticket>(*this, number, std::move(subjects), alone);
  for (const auto& subject : ticket->subjects_) queues_[subject].push_back(number);
  tickets_.insert(number);
  if (alone) alone_.insert(number);
  return ticket;
}

bool Order::is_turn(const Ticket& ticket) const {
  const std::lock_guard lock(mutex_);
  if (ticket.alone_) return *tickets_.begin() == ticket.number_;
  if (!alone_.empty() && *alone_.begin() < ticket.number_) return false;
  return std::ranges::all_of(ticket.subjects_,
                             [&](const std::string& subject) { return queues_.at(subject).front() == ticket.number_; });
}

Task<std::unique_ptr<Order::Ticket>> Order::wait(std::unique_ptr<Ticket> ticket) {
  for (;;) {
    const auto seen = changed_.version();
    if (is_turn(*ticket)) co_return ticket;
    co_await changed_.wait(seen);
  }
}

Task<std::unique_ptr<Order::Ticket>> Order::enter(std::vector<std::string> subjects) {
  return wait(join(std::move(subjects), false));
}
Task<std::unique_ptr<Order::Ticket>> Order::enter_alone() {
  return wait(join({}, true));
}

bool Order::busy(const std::string& subject) const {
  const std::lock_guard lock(mutex_);
  return queues_.contains(subject);
}
bool Order::busy() const {
  const std::lock_guard lock(mutex_);
  return !tickets_.empty();
}

void Order::leave(const Ticket& ticket) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& subject : ticket.subjects_) {
      const auto at = queues_.find(subject);
      std::erase(at->second, ticket.number_);
      if (at->second.empty()) queues_.erase(at);
    }
    tickets_.erase(ticket.number_);
    alone_.erase(ticket.number_);
  }
  changed_.notify();
}

}  // namespace drawbridge::mirror
