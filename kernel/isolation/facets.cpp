#include "kernel/isolation/facets.h"

#include <algorithm>

#include "kernel/isolation/proxies.h"

namespace drawbridge::kernel::isolation {
namespace {

template <class Facet>
FacetType facet_type() {
  return {
      Facet::facet_name, Interface<Facet>::number,
      [](const std::shared_ptr<Component>& component) -> std::shared_ptr<void> {
        return std::dynamic_pointer_cast<Facet>(component);
      },
      [](Remote remote) -> std::shared_ptr<Component> { return std::make_shared<Proxy<Facet>>(std::move(remote)); }};
}

}  // namespace

const std::vector<FacetType>& facet_types() {
  static const std::vector<FacetType> types = {facet_type<Records>(),  facet_type<Blobs>(),   facet_type<CipherSuite>(),
                                               facet_type<Ledger>(),   facet_type<Keeper>(),  facet_type<Transport>(),
                                               facet_type<Identity>(), facet_type<Keyring>(), facet_type<Access>()};
  return types;
}

const FacetType* find_facet(std::string_view name) {
  const auto& types = facet_types();
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

std::vector<std::string> facet_names() {
  std::vector<std::string> out;
  for (const auto& type : facet_types()) out.emplace_back(type.name);
  return out;
}

}  // namespace drawbridge::kernel::isolation
