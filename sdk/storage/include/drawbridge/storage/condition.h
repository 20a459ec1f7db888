#pragma once

#include <mutex>
#include <string>

#include "drawbridge/component.h"
#include "drawbridge/log.h"

namespace drawbridge::storage {

/// How a storage feels: whether its engine takes writes, and how writing of blob files went last. Thread-safe.
class DRAWBRIDGE_API Condition {
 public:
  explicit Condition(Logger& log) : log_(log) {}

  Health health() const;

  /// The engine refuses writes; degraded for what may pass, failed for damage. `problem` is what it said.
  void engine_failed(Health::State state, const std::string& problem);
  bool engine_failed() const;
  void engine_recovered();

  /// Of a blob file; an empty problem means that writing works.
  void files(const std::string& problem);

 private:
  Logger& log_;
  mutable std::mutex mutex_;
  Health engine_;
  std::string files_;
};

}  // namespace drawbridge::storage
