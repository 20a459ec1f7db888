#pragma once

#include <string>

#include "drawbridge/bytes.h"

namespace drawbridge::rocks {

/// The options of one storage, after they were parsed.
struct Settings {
  std::string name;  ///< The component's, for messages.
  std::string path;
  bool sync = true;
  std::uint64_t cache_bytes = 16_MiB;
  std::uint64_t write_buffer_bytes = 16_MiB;
  std::uint64_t blob_inline_max = 64_KiB;
  std::uint64_t max_blob_bytes = 1_TiB;
  std::uint64_t max_batch_bytes = 64_MiB;
  std::uint32_t max_queue = 4096;
  std::uint32_t max_open_files = 256;
  bool drop_damaged_log = false;

  std::string database_path() const { return path + "/db"; }
  std::string blobs_path() const { return path + "/blobs"; }
};

}  // namespace drawbridge::rocks
