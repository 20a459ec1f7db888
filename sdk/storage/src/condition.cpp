#include "drawbridge/storage/condition.h"

namespace drawbridge::storage {

Health Condition::health() const {
  const std::lock_guard lock(mutex_);
  if (engine_.state != Health::State::ok) return engine_;
  if (!files_.empty()) return {Health::State::degraded, files_};
  return {};
}

void Condition::engine_failed(Health::State state, const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (engine_.state == Health::State::ok) log_.error("the database takes no writes: {}", problem);
  engine_ = {state, "the database takes no writes: " + problem};
}

bool Condition::engine_failed() const {
  const std::lock_guard lock(mutex_);
  return engine_.state != Health::State::ok;
}

void Condition::engine_recovered() {
  const std::lock_guard lock(mutex_);
  if (engine_.state == Health::State::ok) return;
  engine_ = {};
  log_.info("the database takes writes again");
}

void Condition::files(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  files_ = problem;
}

}  // namespace drawbridge::storage
