#pragma once

#include <rocksdb/listener.h>

#include <mutex>

#include "drawbridge/component.h"
#include "drawbridge/log.h"

namespace drawbridge::rocks {

/// How the storage feels: what RocksDB reports from its background threads, and how writing of blob files went last.
/// Thread-safe.
class Condition final : public rocksdb::EventListener {
 public:
  explicit Condition(Logger& log) : log_(log) {}

  Health health() const;

  /// The engine refuses writes until it recovers.
  bool engine_failed() const;
  void engine_recovered();

  /// Of a blob file; an empty problem means that writing works.
  void files(const std::string& problem);

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override;

 private:
  Logger& log_;
  mutable std::mutex mutex_;
  Health engine_;
  std::string files_;
};

}  // namespace drawbridge::rocks
