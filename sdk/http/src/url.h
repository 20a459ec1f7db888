#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::http {

/// Percent-decodes one component (RFC 3986 §2.1). Nothing for a broken escape, for bytes that are not UTF-8, and for
/// NUL.
std::optional<std::string> decode_component(std::string_view text, bool plus_is_space);

/// "a=1&b=2&a=3" as {"a": ["1", "3"], "b": "2"}. Throws StatusError{400} for bad encoding and more than 256 pairs.
boost::json::object parse_query(std::string_view text);

}  // namespace drawbridge::http
