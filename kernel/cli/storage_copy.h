#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "drawbridge/blobs.h"
#include "drawbridge/records.h"
#include "kernel/node.h"

namespace drawbridge::cli {

/// A component of a started node that keeps records, blobs, or both.
struct StorageSide {
  std::string name;
  std::shared_ptr<Records> records;  ///< May be null.
  std::shared_ptr<Blobs> blobs;      ///< May be null.
};
/// Throws not_found for an unknown name, invalid when it is no storage.
StorageSide storage_side(const kernel::Node& node, const std::string& name);

/// What a storage holds: counts, and a hash that is the same for the same content whatever keeps it.
/// docs/formats/content-hash.md has its definition.
struct StorageContent {
  std::uint64_t records = 0;
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;  ///< Of keys, values and blobs.
  std::string hash;         ///< "sha256:…"
  friend bool operator==(const StorageContent&, const StorageContent&) = default;
};

/// Is told what is done and, where it is known, how many bytes of how many.
using CopyProgress = std::function<void(const char* what, std::uint64_t done, std::optional<std::uint64_t> total)>;

/// Reads everything. `expected_bytes` is only for the progress; 0: unknown.
StorageContent content_of(kernel::Node& node, const StorageSide& side, const CopyProgress& progress,
                          std::uint64_t expected_bytes = 0);

struct CopyResult {
  StorageContent content;
  bool resumed = false;  ///< A part, or all, was there from before.
};

/// Makes the target hold what the source holds, and compares both. How far it is stands in a record of the target, so
/// that after an end at any moment another call goes on there. Throws conflict for a target with other data in it,
/// unsupported when the target lacks a facet that is needed, corrupt when both differ in the end, and what the storages
/// throw, with a hint to run it again where that helps. The calling thread does the work and is none of the node's.
CopyResult copy_storage(kernel::Node& node, const StorageSide& from, const StorageSide& to,
                        const CopyProgress& progress);

}  // namespace drawbridge::cli
