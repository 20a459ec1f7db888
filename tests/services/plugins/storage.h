#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "drawbridge/records.h"

namespace drawbridge::test {

/// What a test may do behind the back of test.storage. Its content outlives the node; each `store` is another.
class DRAWBRIDGE_API Backdoor : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Backdoor";

  virtual std::map<Key, Bytes> records() = 0;
  virtual std::map<std::string, Bytes> blobs() = 0;
  virtual void put_blob(const std::string& id, Bytes bytes) = 0;
  /// How many of the next commits change nothing and throw unavailable.
  virtual std::atomic<int>& failing_commits() = 0;
  /// Called at the begin of each commit, without a lock; empty for nothing.
  virtual void before_commit(std::function<void(const Batch&)> action) = 0;
  /// Blobs that were begun and neither committed nor given up.
  virtual int open_writers() = 0;
  /// How many bytes a writer of a blob takes before it throws unavailable.
  virtual std::atomic<std::size_t>& room_for_blobs() = 0;
};

}  // namespace drawbridge::test
