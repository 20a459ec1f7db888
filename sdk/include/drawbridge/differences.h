#pragma once

#include <string>
#include <vector>

#include "drawbridge/component.h"

namespace drawbridge {

/// One promise of a facet that a plugin does not keep, on purpose.
struct Difference {
  std::string test;    ///< The case of the conformance suites: "records.SurvivesARestart".
  std::string reason;  ///< Why, for whoever chooses the plugin; one clause.
};

/// A component that does not keep every promise of its facets says so here, where its users can read it.
///
///     class MemoryStorage final : public Records, public Differences {
///       std::vector<Difference> differences() const override {
///         return {{"records.SurvivesARestart", "everything is in memory, and lost at the end"}};
///       }
///
/// `drawbridge-verify` skips these cases, prints the reasons, and complains about a difference that is none any more
/// and about more than `max_each` of one suite.
class DRAWBRIDGE_API Differences : public virtual Component {
 public:
  static constexpr std::size_t max_each = 10;

  ~Differences() override;

  /// Constant. Called at any time, also before `options`.
  virtual std::vector<Difference> differences() const = 0;
};

}  // namespace drawbridge
