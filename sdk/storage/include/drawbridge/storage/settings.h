#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"
#include "drawbridge/export.h"

namespace drawbridge {
class Options;
}

namespace drawbridge::storage {

/// The options that whoever serves a call looks up: a reload changes them under an open database.
struct Live {
  std::atomic<bool> sync;
  std::atomic<std::uint64_t> blob_inline_max;
  std::atomic<std::uint64_t> max_blob_bytes;
  std::atomic<std::uint64_t> max_batch_bytes;
  std::atomic<std::uint32_t> max_queue;
};

/// What every storage on an embedded engine lets its operator choose; declared by the plugin. Copies share what is
/// live.
struct DRAWBRIDGE_API Settings {
  std::string name;  ///< The component's, for messages.
  std::string path;
  bool sync = true;
  std::uint64_t blob_inline_max = 64_KiB;
  std::uint64_t max_blob_bytes = 1_TiB;
  std::uint64_t max_batch_bytes = 64_MiB;
  std::uint32_t max_queue = 4096;

  std::shared_ptr<Live> live = std::make_shared<Live>();

  void declare(Options& options);
  /// Makes the options of `other` the ones that count from now on.
  void go_live(const Settings& other) const;

  std::string blobs_path() const { return path + "/blobs"; }
  /// "storage 'main': ".
  std::string who() const { return "storage '" + name + "': "; }
};

// Errors that every engine has. `action` is what was tried: "write".

/// Unavailable: the disk has no room. Writing has to go on by itself once it has.
DRAWBRIDGE_API Error disk_full(const Settings& settings, std::string_view action);
/// A failed system call on a file of `settings.path`; `error` is an errno.
DRAWBRIDGE_API Error file_error(const Settings& settings, std::string_view action, int error);
/// Damage: corrupt, with the advice to restore a backup.
DRAWBRIDGE_API Error damage(const Settings& settings, std::string_view action, const std::string& what);
/// Unsupported: what lies at the path was not made by this storage.
DRAWBRIDGE_API Error foreign(const Settings& settings, const std::string& what);

}  // namespace drawbridge::storage
