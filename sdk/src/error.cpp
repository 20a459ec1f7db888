#include "drawbridge/error.h"

#include <array>

namespace drawbridge {
namespace {

constexpr std::array<std::string_view, 14> code_names = {
    "invalid", "unauthenticated", "payment_required", "forbidden", "not_found",   "conflict", "gone", "too_large",
    "busy",    "unavailable",     "cannot_open",      "corrupt",   "unsupported", "internal"};
static_assert(code_names.size() == static_cast<std::size_t>(Code::internal) + 1);

}  // namespace

std::string_view name(Code code) {
  const auto index = static_cast<std::size_t>(code);
  return index < code_names.size() ? code_names[index] : code_names.back();
}

Code code_from_name(std::string_view text) {
  for (std::size_t i = 0; i < code_names.size(); ++i) {
    if (code_names[i] == text) return static_cast<Code>(i);
  }
  return Code::internal;
}

Error::Error(Code code, const std::string& message, std::string hint)
    : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

Error::~Error() = default;

Error Error::within(std::string_view context) const {
  return {code_, std::string(context) + ": " + what(), hint_};
}

}  // namespace drawbridge
