#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "drawbridge/bytes.h"
#include "drawbridge/storage/settings.h"

namespace drawbridge::storage {

/// An open file, closed on destruction.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File();
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// A blob on its way: a temporary file. It is removed on destruction, unless it was published. Every method blocks.
class Draft {
 public:
  Draft(const Settings& settings, std::string path);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  /// Appends, and tells the kernel to begin with the writing, so that the sync at the end is short.
  void write(BytesView bytes);
  void sync();

 private:
  friend class BlobFiles;
  const Settings& settings_;
  std::string path_;
  File file_;
  std::uint64_t size_ = 0;
  std::uint64_t started_ = 0;  ///< Up to where writing to the disk has begun.
};

/// The blobs that are files: blobs/<2 hex digits of the token>/<id>.<token as 16 hex digits>. A file counts only when
/// the index has an entry with its token. Thread-safe. Methods block unless they say otherwise, and throw unavailable.
class BlobFiles {
 public:
  explicit BlobFiles(const Settings& settings) : settings_(settings), folder_(settings.blobs_path()) {}

  /// Makes the folders, and empties the one for drafts.
  void prepare();

  /// Removes every file that `known(id, token)` does not know, and returns how many that were.
  std::size_t sweep(const std::function<bool(const std::string& id, std::uint64_t token)>& known);

  std::unique_ptr<Draft> draft(std::uint64_t token);

  /// Gives the draft its final name, so that it is there after a power loss.
  void publish(Draft& draft, const std::string& id, std::uint64_t token);

  /// Whether it could be removed, or was not there.
  bool remove(const std::string& id, std::uint64_t token);

  /// The open file, or null when it is not there. One that was used lately is open still: `cached` does not block.
  std::shared_ptr<const File> cached(std::uint64_t token);
  std::shared_ptr<const File> open(const std::string& id, std::uint64_t token);
  void close_all();

 private:
  std::string fan_out(std::uint64_t token) const;
  std::string path(const std::string& id, std::uint64_t token) const;
  std::size_t sweep_folder(const std::string& folder,
                           const std::function<bool(const std::string& id, std::uint64_t token)>& known);
  void make_folder(const std::string& path) const;
  void sync_folder(const std::string& path) const;

  static constexpr std::size_t max_open = 64;
  struct Opened {
    std::uint64_t token;
    std::shared_ptr<const File> file;
  };

  const Settings settings_;
  const std::string folder_;
  std::mutex mutex_;
  std::list<Opened> recent_;  ///< The one used last is in front.
  std::unordered_map<std::uint64_t, std::list<Opened>::iterator> opened_;
};

}  // namespace drawbridge::storage
