#pragma once

#include <span>
#include <string_view>

namespace drawbridge::http {

/// The known name that a misspelt one is most likely meant to be; empty when none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

}  // namespace drawbridge::http
