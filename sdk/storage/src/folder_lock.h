#pragma once

#include "drawbridge/storage/settings.h"

namespace drawbridge::storage {

/// Holds the folder of a storage, so that neither another process nor another component uses it: flock(2) on `lock` in
/// it, with the holder's process id inside. It ends with the process, however that ends.
class FolderLock {
 public:
  /// Throws unavailable that names the holder.
  explicit FolderLock(const Settings& settings);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace drawbridge::storage
