#pragma once

#include "drawbridge/storage/settings.h"

namespace drawbridge::lmdb {

/// The options of one storage, after they were parsed.
struct Settings : storage::Settings {
  std::uint64_t map_bytes = 64_MiB;
  std::uint64_t max_map_bytes = 256_GiB;

  std::string database_path() const { return path + "/data.mdb"; }
};

}  // namespace drawbridge::lmdb
