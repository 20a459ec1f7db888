#include "condition.h"

namespace drawbridge::rocks {

Health Condition::health() const {
  const std::lock_guard lock(mutex_);
  if (engine_.state != Health::State::ok) return engine_;
  if (!files_.empty()) return {Health::State::degraded, files_};
  return {};
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

void Condition::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  // What is damaged stays so; what the disk refused may work later, and reading goes on meanwhile.
  const auto state = error->IsCorruption() ? Health::State::failed : Health::State::degraded;
  const std::lock_guard lock(mutex_);
  if (engine_.state == Health::State::ok) log_.error("the database takes no writes: {}", error->ToString());
  engine_ = {state, "the database takes no writes: " + error->ToString()};
}

void Condition::OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) {
  if (info.new_bg_error.ok()) engine_recovered();
}

}  // namespace drawbridge::rocks
