#include "kernel/node_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "drawbridge/error.h"

namespace drawbridge::kernel {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& folder, const std::string& why) {
  throw Error(Code::unavailable, fmt::format("the data folder {} cannot be used: {}", folder.string(), why),
              "correct `node.data` or the owner and mode of that folder");
}

void create(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder.parent_path(), failure);
  if (failure) refuse(folder, failure.message());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) refuse(folder, std::strerror(errno));
}

std::string holder(int descriptor) {
  char text[32];
  const auto got = ::pread(descriptor, text, sizeof(text), 0);
  std::string pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

NodeLock::NodeLock(const std::filesystem::path& folder) {
  create(folder);
  const auto file = folder / "node.lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) refuse(folder, std::strerror(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string why = errno == EWOULDBLOCK ? holder(descriptor) : std::string();
    const std::string system = std::strerror(errno);
    ::close(descriptor);
    if (why.empty()) refuse(folder, system);
    throw Error(Code::conflict, fmt::format("the data folder {} is in use by {}", folder.string(), why),
                "stop that node, or give this one another `node.data`");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  const bool written = ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, pid.data(), pid.size(), 0) > 0;
  const std::string system = std::strerror(errno);
  if (!written) {
    ::close(descriptor);
    refuse(folder, system);
  }
  descriptor_ = descriptor;
}

// The file stays: another process may have it open already, to lock it next.
NodeLock::~NodeLock() {
  ::close(descriptor_);
}

}  // namespace drawbridge::kernel
