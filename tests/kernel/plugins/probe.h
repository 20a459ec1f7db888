#pragma once

#include <string>

#include "drawbridge/host.h"

namespace drawbridge::test {

/// A facet that neither the SDK nor the kernel knows, as a third party would add one: what tests ask their plugins.
class Probe : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Probe";
  /// Every option with its value, one a line.
  virtual std::string dump() const = 0;
  virtual Host& host() = 0;
  /// Ends the wait of `stop: block`.
  virtual void release() = 0;
};

}  // namespace drawbridge::test
