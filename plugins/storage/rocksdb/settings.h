#pragma once

#include "drawbridge/storage/settings.h"

namespace drawbridge::rocks {

/// The options of one storage, after they were parsed.
struct Settings : storage::Settings {
  std::uint64_t cache_bytes = 16_MiB;
  std::uint64_t write_buffer_bytes = 16_MiB;
  std::uint32_t max_open_files = 256;
  bool drop_damaged_log = false;

  std::string database_path() const { return path + "/db"; }
};

}  // namespace drawbridge::rocks
