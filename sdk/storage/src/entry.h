#pragma once

#include <optional>

#include "drawbridge/bytes.h"
#include "drawbridge/storage/settings.h"

namespace drawbridge::storage {

/// What the index knows of a blob. The token is drawn for each commit, so that a blob that is erased and stored again
/// never meets what its predecessor left: content in the database is keyed by it, a file has it in its name.
struct Entry {
  enum class Kind : std::uint8_t { content = 1, file = 2 };
  Kind kind = Kind::content;
  std::uint64_t size = 0;
  std::uint64_t token = 0;
  friend bool operator==(const Entry&, const Entry&) = default;
};

inline Bytes encode(const Entry& entry) {
  Bytes out = {static_cast<std::uint8_t>(entry.kind)};
  append_u64be(out, entry.size);
  append_u64be(out, entry.token);
  return out;
}

/// Nothing for what is no entry.
inline std::optional<Entry> decode_entry(BytesView bytes) {
  if (bytes.size() != 17 || bytes[0] < 1 || bytes[0] > 2) return std::nullopt;
  return Entry{static_cast<Entry::Kind>(bytes[0]), load_u64be(bytes.subspan(1)), load_u64be(bytes.subspan(9))};
}

inline Error damaged_entry(const Settings& settings, const std::string& id) {
  return damage(settings, "look up", "the index entry of blob '" + id + "' is damaged");
}

/// The key of a content.
inline std::string content_key(std::uint64_t token) {
  Bytes out;
  append_u64be(out, token);
  return to_text(out);
}

}  // namespace drawbridge::storage
