#pragma once

#include "drawbridge/bytes.h"
#include "drawbridge/export.h"

namespace drawbridge::storage {

/// XXH64 of the xxHash specification: finds damage, and protects against nobody who makes it on purpose.
DRAWBRIDGE_API std::uint64_t xxh64(BytesView data, std::uint64_t seed = 0);

/// The checksum of an entry, for engines whose pages have none: also of a value that came under another key.
inline std::uint64_t checksum(std::string_view key, BytesView value) {
  return xxh64(value, xxh64(view(key)));
}

}  // namespace drawbridge::storage
