#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "kernel/options_binder.h"

namespace drawbridge::kernel {

/// Has a component that was just created declare its options to the binder. The options of a Selector are applied
/// first, and the component that it selects declares and is returned: what is wrong with the selector's options becomes
/// problems, and the result null. Throws what the plugin throws.
DRAWBRIDGE_API std::shared_ptr<Component> declare_options(std::shared_ptr<Component> created, OptionsBinder& binder,
                                                          const std::vector<Entry>& entries, Mark owner,
                                                          const std::filesystem::path& folder, Problems& problems);

}  // namespace drawbridge::kernel
