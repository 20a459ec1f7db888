#include "folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace drawbridge::storage {
namespace {

/// Who wrote its process id into the file.
std::string holder(int descriptor) {
  char text[16];
  const auto got = ::pread(descriptor, text, sizeof text, 0);
  std::string pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  if (pid == std::to_string(::getpid())) return "another component of this process";
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

FolderLock::FolderLock(const Settings& settings)
    : descriptor_(::open((settings.path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (descriptor_ < 0) throw file_error(settings, "lock '" + settings.path + "'", errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const auto who = holder(descriptor_);
    ::close(descriptor_);
    if (error != EWOULDBLOCK) throw file_error(settings, "lock '" + settings.path + "'", error);
    throw Error(Code::unavailable, settings.who() + "open: '" + settings.path + "' is in use by " + who,
                "stop the other node, or give this storage another path");
  }
  // The process id is only for the message above; on a full disk it is missing, and the lock holds all the same.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) errno = 0;
}

// The file stays: another process may have it open already, to lock it next.
FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace drawbridge::storage
