#pragma once

#include <string>

#include "kernel/node.h"

namespace drawbridge::storage_test {

constexpr int mirror_writers = 4;

/// The mirror `main` over the databases `a` and `b` in a folder, whose writes take `delay`.
std::string mirror_yaml(const std::string& folder, const std::string& delay);
/// Writes and never returns while that works.
int write_mirror(kernel::Node& node, void (*say)(const std::string& line));

}  // namespace drawbridge::storage_test
