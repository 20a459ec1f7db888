#include "kernel/declare.h"

#include <algorithm>

#include "drawbridge/error.h"
#include "drawbridge/selector.h"

namespace drawbridge::kernel {
namespace {

std::vector<Entry> known_entries(const OptionsBinder& binder, const std::vector<Entry>& entries) {
  std::vector<Entry> known;
  for (const auto& entry : entries) {
    const auto has = [&entry](const OptionSpec& spec) {
      const auto names = yaml_names(spec);
      return std::find(names.begin(), names.end(), entry.key) != names.end();
    };
    if (std::any_of(binder.specs().begin(), binder.specs().end(), has)) known.push_back(entry);
  }
  return known;
}

}  // namespace

std::shared_ptr<Component> declare_options(std::shared_ptr<Component> created, OptionsBinder& binder,
                                           const std::vector<Entry>& entries, Mark owner,
                                           const std::filesystem::path& folder, Problems& problems) {
  if (const auto selector = std::dynamic_pointer_cast<Selector>(created)) {
    OptionsBinder first;
    selector->options(first);
    const auto before = problems.errors().size();
    first.apply(known_entries(first, entries), owner, folder, problems);
    if (problems.errors().size() != before) return nullptr;
    created = selector->select();
    if (!created) throw Error(Code::internal, "the plugin selected no component");
  }
  created->options(binder);
  return created;
}

}  // namespace drawbridge::kernel
