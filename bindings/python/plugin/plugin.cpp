// The plugin `python`: components whose class is written in Python; see docs/python.md.
#include "drawbridge/plugin.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <map>

#include "component.h"
#include "drawbridge/selector.h"

namespace drawbridge::python {
namespace {

using Facets = std::vector<std::string>;

/// Which C++ class stands for which facets: it has these and no other.
std::shared_ptr<PythonComponent> component_of(const Facets& facets) {
  static const std::map<Facets, std::shared_ptr<PythonComponent> (*)()> known = {{{"Records"}, make_records},
                                                                                 {{"Blobs"}, make_blobs},
                                                                                 {{"Records", "Blobs"}, make_storage},
                                                                                 {{"CipherSuite"}, make_cipher_suite},
                                                                                 {{"Ledger"}, make_ledger},
                                                                                 {{"Keeper"}, make_keeper},
                                                                                 {{"Api"}, make_api}};
  const auto found = known.find(facets);
  if (found == known.end()) {
    throw Error(Code::unsupported, fmt::format("one class cannot be {} at once", fmt::join(facets, " and ")),
                "make a component of each; only Records and Blobs go together");
  }
  return found->second();
}

class PythonPlugin final : public Selector {
 public:
  void options(Options& options) override { settings_.declare(options); }
  std::shared_ptr<Component> select() override {
    auto prepared = prepare(settings_);
    auto component = component_of(prepared.facets);
    component->mount(std::make_shared<Mounted>(std::move(prepared)));
    return component;
  }

 private:
  Settings settings_;
};

}  // namespace
}  // namespace drawbridge::python

DRAWBRIDGE_PLUGIN(drawbridge::python::PythonPlugin, "python", "0.1.0",
                  "Mounts a class that is written in Python: a storage, a cipher suite, a ledger, a keeper or an API.")
