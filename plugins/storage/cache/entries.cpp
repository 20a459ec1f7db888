#include "entries.h"

namespace drawbridge::caching {
namespace {

// About what the nodes of list and map and the shared value take beside the bytes.
constexpr std::uint64_t overhead_bytes = 256;

}  // namespace

void Entries::limit(std::uint64_t max_bytes) {
  const std::lock_guard lock(mutex_);
  max_bytes_ = max_bytes;
}

Shared Entries::find(std::uint64_t view, const std::string& subject, std::uint64_t part) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find({subject, view, part});
  if (found == index_.end()) {
    misses.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  hits.fetch_add(1, std::memory_order_relaxed);
  order_.splice(order_.begin(), order_, found->second);
  return found->second->value;
}

std::uint64_t Entries::bytes() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void Entries::begin_fill(const std::string& subject) {
  const std::lock_guard lock(mutex_);
  auto& traffic = traffic_[subject];
  ++traffic.fills;
  if (traffic.writers > 0) traffic.stale = true;
}

void Entries::keep_fill(Id id, Value value) {
  const std::lock_guard lock(mutex_);
  const auto& traffic = traffic_.at(id.subject);
  if (!traffic.stale && traffic.writers == 0) insert(std::move(id), std::move(value));
}

void Entries::end_fill(const std::string& subject) {
  const std::lock_guard lock(mutex_);
  auto& traffic = traffic_.at(subject);
  if (--traffic.fills == 0) traffic.stale = traffic.writers > 0;
  leave(subject);
}

void Entries::begin_changes(const std::vector<std::string>& subjects) {
  const std::lock_guard lock(mutex_);
  for (const auto& subject : subjects) {
    auto& traffic = traffic_[subject];
    if (++traffic.writers > 1) traffic.contended = true;
    traffic.stale = true;
    forget(subject);
  }
}

void Entries::end_changes(std::uint64_t view, const std::vector<std::string>& subjects,
                          std::map<std::string, Value> kept) {
  const std::lock_guard lock(mutex_);
  for (const auto& subject : subjects) {
    auto& traffic = traffic_.at(subject);
    const auto value = kept.find(subject);
    if (value != kept.end() && !traffic.contended) insert({subject, view, 0}, std::move(value->second));
    if (--traffic.writers == 0) traffic.contended = false;
    leave(subject);
  }
}

void Entries::insert(Id id, Value value) {
  const auto cost = overhead_bytes + 2 * id.subject.size() + (value ? value->size() : 0);
  if (cost > max_bytes_ / 4) return;  // one entry is not worth all others
  if (const auto old = index_.find(id); old != index_.end()) erase(old);
  order_.push_front({id, std::make_shared<const Value>(std::move(value)), cost});
  index_.emplace(std::move(id), order_.begin());
  used_ += cost;
  while (used_ > max_bytes_) erase(index_.find(order_.back().id));
}

void Entries::forget(const std::string& subject) {
  auto at = index_.lower_bound({subject, 0, 0});
  while (at != index_.end() && at->first.subject == subject) erase(at++);
}

void Entries::erase(std::map<Id, std::list<Entry>::iterator>::iterator at) {
  used_ -= at->second->cost;
  order_.erase(at->second);
  index_.erase(at);
}

void Entries::leave(const std::string& subject) {
  const auto at = traffic_.find(subject);
  if (at->second.writers == 0 && at->second.fills == 0) traffic_.erase(at);
}

}  // namespace drawbridge::caching
