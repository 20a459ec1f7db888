#pragma once

#include <string>

#include "drawbridge/component.h"
#include "kernel/verify/subject.h"

namespace drawbridge::verify {

/// A configuration with one instance of the plugin under test, called `subject`, and what it and the suites of its
/// facets use: for each facet the plugin of this project that offers it. A path is a file in the data folder, a
/// `listen` any free port of this machine, a secret comes from the environment variable `secret_variable`; everything
/// else has its default. Runs code of the plugin. Throws not_found for a facet that no known plugin offers, and what
/// the loader throws.
std::string default_config(const Subject& subject, Component& component, const std::vector<std::string>& facets);

inline constexpr char secret_variable[] = "DRAWBRIDGE_VERIFY_SECRET";

}  // namespace drawbridge::verify
