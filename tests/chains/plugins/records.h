#pragma once

#include <atomic>
#include <map>
#include <string>

#include "drawbridge/records.h"

namespace drawbridge::test {

/// How test.records may be made to misbehave, and what it holds. Its content outlives the node; each `store` is
/// another.
class DRAWBRIDGE_API Faults : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Faults";

  enum class Mode {
    none,
    refuse,           ///< A commit changes nothing and throws unavailable.
    commit_and_throw  ///< A commit happens, and throws unavailable nevertheless.
  };

  virtual std::atomic<Mode>& mode() = 0;
  /// While true, a get throws unavailable.
  virtual std::atomic<bool>& deaf() = 0;
  /// While true, a commit waits.
  virtual std::atomic<bool>& gate() = 0;
  /// How many commits were begun.
  virtual std::atomic<int>& commits() = 0;

  virtual std::map<Key, Bytes> content() = 0;
  virtual void set_content(std::map<Key, Bytes> content) = 0;
};

}  // namespace drawbridge::test
