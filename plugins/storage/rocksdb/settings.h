#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "drawbridge/bytes.h"

namespace drawbridge::rocks {

/// The options that whoever serves a call looks up: a reload changes them under an open database.
struct Live {
  std::atomic<bool> sync;
  std::atomic<std::uint64_t> blob_inline_max;
  std::atomic<std::uint64_t> max_blob_bytes;
  std::atomic<std::uint64_t> max_batch_bytes;
  std::atomic<std::uint32_t> max_queue;
};

/// The options of one storage, after they were parsed. Copies share what is live.
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
  std::shared_ptr<Live> live = std::make_shared<Live>();

  /// Makes the options of `other` the ones that count from now on.
  void go_live(const Settings& other) const {
    live->sync = other.sync;
    live->blob_inline_max = other.blob_inline_max;
    live->max_blob_bytes = other.max_blob_bytes;
    live->max_batch_bytes = other.max_batch_bytes;
    live->max_queue = other.max_queue;
  }

  std::string database_path() const { return path + "/db"; }
  std::string blobs_path() const { return path + "/blobs"; }
};

}  // namespace drawbridge::rocks
