#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"

namespace drawbridge::mirror {

/// What a mirror notes in each of its storages about that storage; docs/formats/storage-mirror.md.
struct Mark {
  enum class Status {
    synced,  ///< Had everything when this was written.
    alone,   ///< Took writes that the other one misses: the truth.
    behind   ///< Misses writes; never read.
  };
  enum class Full {
    none,    ///< The journal has all that the other one misses.
    wanted,  ///< Everything is to be copied, and no journal is kept.
    copying  ///< Everything up to the cursor is copied; what has changed since the copy began is in the journal.
  };

  std::string pair;  ///< 32 hexadecimal digits, the same in both.
  std::uint64_t epoch = 1;
  Status status = Status::synced;
  Full full = Full::none;
  std::string cursor;  ///< "r" and a key, or "b" and a blob's id; empty at the start.

  Bytes encode() const;
  /// Throws corrupt.
  static Mark decode(BytesView bytes);
};

/// Subjects as a journal entry holds them: "r" and the key of a record, or "b" and the id of a blob.
Bytes encode_subjects(const std::vector<std::string>& subjects, std::size_t begin, std::size_t end);
/// Throws corrupt.
std::vector<std::string> decode_subjects(BytesView bytes);

}  // namespace drawbridge::mirror
