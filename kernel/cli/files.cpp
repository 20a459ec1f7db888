#include "kernel/cli/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "drawbridge/error.h"

namespace drawbridge::cli {
namespace fs = std::filesystem;
namespace {

std::string reason() {
  return std::strerror(errno);
}

/// What a signal removes before it ends the program.
std::atomic<const char*> unfinished{nullptr};

void remove_and_end(int signal) {
  if (const char* path = unfinished.load()) ::unlink(path);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void remove_on_signal(const char* path) {
  unfinished = path;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, path == nullptr ? SIG_DFL : remove_and_end);
}

[[noreturn]] void exists_already(const fs::path& path) {
  throw Error(Code::conflict, fmt::format("{} exists already", path.string()), "choose another name, or say --force");
}

void check_place(const fs::path& path, bool overwrite) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (fs::is_directory(status))
    throw Error(Code::invalid, fmt::format("{} is a folder", path.string()), "name a file in it");
  if (!fs::exists(status)) return;
  if (!fs::is_regular_file(status)) {
    throw Error(Code::invalid, fmt::format("{} is no regular file", path.string()),
                "write to standard output with `-o -`");
  }
  if (!overwrite) exists_already(path);
}

int open_part(const fs::path& part, unsigned mode) {
  const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
  if (descriptor < 0) throw Error(Code::unavailable, fmt::format("cannot write {}: {}", part.string(), reason()));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    throw Error(Code::conflict, fmt::format("{} is being written by another process", part.string()));
  }
  if (::ftruncate(descriptor, 0) != 0) {
    const auto why = reason();
    ::close(descriptor);
    throw Error(Code::unavailable, fmt::format("cannot write {}: {}", part.string(), why));
  }
  return descriptor;
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path) {
  if (path == "-") {
    descriptor_ = STDIN_FILENO;
    path_ = "standard input";
  } else {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      throw Error(errno == ENOENT ? Code::not_found : Code::unavailable,
                  fmt::format("cannot read {}: {}", path, reason()));
    }
    name_ = fs::path(path).filename().string();
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return;
  if (S_ISDIR(status.st_mode)) {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    throw Error(Code::invalid, fmt::format("{} is a folder", path_),
                "pack it first: tar -cf - FOLDER | drawbridge share - …");
  }
  // Files of the kernel say that they are empty. What is read of standard input may begin anywhere in a file.
  if (S_ISREG(status.st_mode) && status.st_size > 0 && descriptor_ != STDIN_FILENO) {
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
}

InputFile::~InputFile() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::size_t InputFile::read(MutableBytes out) {
  for (;;) {
    const auto got = ::read(descriptor_, out.data(), out.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw Error(Code::unavailable, fmt::format("cannot read {}: {}", path_, reason()));
  }
}

std::string read_text(const std::string& path, std::uint64_t max_bytes) {
  InputFile file(path);
  std::string out;
  Bytes piece(64_KiB);
  while (const auto got = file.read(piece)) {
    out += text_view({piece.data(), got});
    if (out.size() > max_bytes)
      throw Error(Code::too_large, fmt::format("{} is larger than {} bytes", path, max_bytes));
  }
  return out;
}

OutputFile::OutputFile(const std::string& path, bool overwrite, unsigned mode) : overwrite_(overwrite) {
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  path_ = path;
  check_place(path_, overwrite);
  const auto part = fs::path(path + ".part");
  descriptor_ = open_part(part, mode);
  part_ = part;
  remove_on_signal(part_.c_str());
}

OutputFile::~OutputFile() {
  if (is_stdout()) return;
  if (!part_.empty()) {
    ::unlink(part_.c_str());
    remove_on_signal(nullptr);
  }
  ::close(descriptor_);
}

void OutputFile::write(BytesView bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0) {
      if (errno == EINTR) continue;
      throw Error(Code::unavailable,
                  fmt::format("cannot write {}: {}", is_stdout() ? "standard output" : path_.string(), reason()));
    }
    written_ += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void OutputFile::commit() {
  if (is_stdout()) return;
  if (::fsync(descriptor_) != 0)
    throw Error(Code::unavailable, fmt::format("cannot write {}: {}", path_.string(), reason()));
  int failed = ::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), overwrite_ ? 0 : RENAME_NOREPLACE);
  if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system that cannot refuse to replace
    check_place(path_, overwrite_);
    failed = ::rename(part_.c_str(), path_.c_str());
  }
  if (failed != 0 && errno == EEXIST) exists_already(path_);
  if (failed != 0) throw Error(Code::unavailable, fmt::format("cannot make {}: {}", path_.string(), reason()));
  remove_on_signal(nullptr);
  part_.clear();
}

void write_text(const std::string& path, std::string_view text, bool overwrite) {
  OutputFile file(path, overwrite, 0644);
  file.write(view(text));
  file.commit();
}

}  // namespace drawbridge::cli
