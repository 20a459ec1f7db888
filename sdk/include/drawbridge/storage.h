#pragma once

#include <string>
#include <string_view>

#include "drawbridge/blobs.h"
#include "drawbridge/records.h"

// What storages over other storages, and tools that go through a whole storage, have in common.
namespace drawbridge {

/// Keys with this prefix hold the notes of layers and tools, such as a mirror's journal or how far a copy came. They
/// are not part of a node's data: a copy leaves them out, and so does the content hash. Sixteen bytes of 0xff sort
/// behind every key that a component would choose.
inline constexpr std::string_view internal_keys = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";

inline bool is_internal_key(std::string_view key) {
  return key.starts_with(internal_keys);
}

/// The blobs of the component whose records these are. Null when it keeps none.
inline Blobs* blobs_of(Records& records) {
  return dynamic_cast<Blobs*>(&records);
}

/// The same for a call that needs them. Throws unsupported.
inline Blobs& need_blobs(Blobs* blobs) {
  if (blobs == nullptr) throw Error(Code::unsupported, "the storage below keeps no blobs");
  return *blobs;
}

}  // namespace drawbridge
