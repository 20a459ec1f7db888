#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/isolation/link.h"

namespace drawbridge::kernel::isolation {

/// A facet that can cross, by its name.
struct FacetType {
  std::string_view name;
  std::uint8_t interface;
  /// The facet of a component as an object to call; null when the component lacks it.
  std::shared_ptr<void> (*cast)(const std::shared_ptr<Component>& component);
  /// A component whose facet is in the other process.
  std::shared_ptr<Component> (*proxy)(Remote remote);
};

const std::vector<FacetType>& facet_types();
/// Null for a facet that cannot cross.
const FacetType* find_facet(std::string_view name);
std::vector<std::string> facet_names();

}  // namespace drawbridge::kernel::isolation
