#include "kernel/file_watch.h"

#include <sys/stat.h>

#include <utility>

namespace drawbridge::kernel {

FileWatch::FileWatch(std::filesystem::path file) : file_(std::move(file)), known_(look()), last_(known_) {}

std::optional<FileWatch::State> FileWatch::look() const {
  struct stat found {};
  if (::stat(file_.c_str(), &found) != 0) return std::nullopt;
  return State{found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

bool FileWatch::changed() {
  const auto now = look();
  const bool settled = now && now == std::exchange(last_, now);
  if (!settled || now == known_) return false;
  known_ = now;
  return true;
}

}  // namespace drawbridge::kernel
