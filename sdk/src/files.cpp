#include "drawbridge/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "drawbridge/error.h"

namespace drawbridge {
namespace {

constexpr std::uint64_t max_secret_bytes = 64_KiB;

/// Throws with the system's reason; `absent` is the code for a file that is not there.
[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path, Code absent = Code::not_found) {
  const int error = errno;
  throw Error(error == ENOENT ? absent : Code::unavailable, what + " '" + path.string() + "': " + std::strerror(error));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void write_all(int descriptor, BytesView content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(descriptor, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail("cannot write", path);
    content = content.subspan(static_cast<std::size_t>(put));
  }
}

Bytes read_all(const File& file, const std::filesystem::path& path, std::uint64_t max_bytes) {
  Bytes out;
  std::size_t used = 0;
  for (;;) {
    if (used == out.size()) out.resize(used + 16_KiB);
    const ssize_t got = ::read(file.get(), out.data() + used, out.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > max_bytes) {
      throw Error(Code::too_large, "'" + path.string() + "' is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
  out.resize(used);
  return out;
}

}  // namespace

Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("cannot open", path);
  return read_all(file, path, max_bytes);
}

void write_file(const std::filesystem::path& path, BytesView content, unsigned mode) {
  const std::filesystem::path temporary = path.string() + ".new";
  ::unlink(temporary.c_str());  // a leftover of a crash, perhaps with another mode
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) fail("cannot create", temporary, Code::unavailable);
  try {
    write_all(file.get(), content, temporary);
    // chmod, for the mode of a new file is cut by the umask.
    if (::fchmod(file.get(), mode) != 0) fail("cannot write", temporary, Code::unavailable);
    if (::fsync(file.get()) != 0) fail("cannot write", temporary, Code::unavailable);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("cannot replace", path, Code::unavailable);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) fail("cannot write", folder, Code::unavailable);
}

Secret read_secret_file(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail("cannot open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("cannot open", path);
  if (!S_ISREG(status.st_mode)) throw Error(Code::forbidden, "'" + path.string() + "' is not a regular file");
  if ((status.st_mode & 077) != 0) {
    throw Error(Code::forbidden, "others may read '" + path.string() + "'", "run: chmod 600 " + path.string());
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    throw Error(Code::forbidden, "'" + path.string() + "' belongs to another user",
                "run: chown $(id -un) " + path.string());
  }
  Bytes content = read_all(file, path, max_secret_bytes);
  if (!content.empty() && content.back() == '\n') content.pop_back();
  if (content.empty()) throw Error(Code::invalid, "'" + path.string() + "' is empty");
  return Secret(std::move(content));
}

}  // namespace drawbridge
