#pragma once

#include <memory>

#include "drawbridge/component.h"

namespace drawbridge {

/// A plugin whose options decide which facets its component offers: one that mounts what others wrote in another
/// language. The kernel takes the component that it selects in its place, before any reference is bound, so that a
/// component never claims a facet that it does not have.
///
/// Of a selector only `options()` and `select()` are called. The options that it declares are those that it needs to
/// select; what else the configuration says is left to the selected component, whose `options()` declares all of them.
class DRAWBRIDGE_API Selector : public virtual Component {
 public:
  ~Selector() override;

  /// Called once, after the options are set, also by `drawbridge check`. The component is new; it may outlive the
  /// selector. Throws Error to refuse: it is reported where the configuration names the plugin.
  virtual std::shared_ptr<Component> select() = 0;
};

}  // namespace drawbridge
