#pragma once

#include "drawbridge/storage/settings.h"

namespace drawbridge::sqlite {

/// The options of one storage, after they were parsed.
struct Settings : storage::Settings {
  std::uint64_t cache_bytes = 2_MiB;
  std::uint32_t max_readers = 8;
  bool drop_damaged_log = false;

  std::string database_path() const { return path + "/database.sqlite"; }
};

}  // namespace drawbridge::sqlite
