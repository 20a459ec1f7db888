#include "blob_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

namespace drawbridge::storage {
namespace {

constexpr std::uint64_t writeback_bytes = 4_MiB;
constexpr std::size_t token_digits = 16;

std::optional<std::uint64_t> parse_token(std::string_view text) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != 8) return std::nullopt;
  return load_u64be(*bytes);
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Draft::Draft(const Settings& settings, std::string path)
    : settings_(settings),
      path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (!file_) throw file_error(settings_, "write a blob", errno);
}

Draft::~Draft() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void Draft::write(BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw file_error(settings_, "write a blob", errno);
    size_ += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  if (settings_.live->sync && size_ - started_ >= writeback_bytes) {
    // Only a hint: a failure shows at the sync.
    ::sync_file_range(file_.get(), static_cast<off_t>(started_), static_cast<off_t>(size_ - started_),
                      SYNC_FILE_RANGE_WRITE);
    started_ = size_;
  }
}

void Draft::sync() {
  if (settings_.live->sync && ::fsync(file_.get()) != 0) throw file_error(settings_, "sync a blob", errno);
}

void BlobFiles::prepare() {
  make_folder(folder_);
  make_folder(folder_ + "/drafts");
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder_ + "/drafts", error)) {
    std::filesystem::remove(file.path(), error);
  }
  if (error) throw file_error(settings_, "empty the drafts of blobs", error.value());
  sync_folder(folder_);
}

std::size_t BlobFiles::sweep(const std::function<bool(const std::string& id, std::uint64_t token)>& known) {
  std::size_t removed = 0;
  for (std::uint64_t high = 0; high < 256; ++high) removed += sweep_folder(fan_out(high << 56), known);
  return removed;
}

std::size_t BlobFiles::sweep_folder(const std::string& folder,
                                    const std::function<bool(const std::string& id, std::uint64_t token)>& known) {
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    const auto name = file.path().filename().string();
    if (name.size() < token_digits + 2) continue;
    const auto token = parse_token(std::string_view(name).substr(name.size() - token_digits));
    if (!token || known(name.substr(0, name.size() - token_digits - 1), *token)) continue;
    if (std::filesystem::remove(file.path(), error)) ++removed;
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw file_error(settings_, "look for leftovers of blobs", error.value());
  }
  return removed;
}

std::unique_ptr<Draft> BlobFiles::draft(std::uint64_t token) {
  return std::make_unique<Draft>(settings_, fmt::format("{}/drafts/{:016x}", folder_, token));
}

void BlobFiles::publish(Draft& draft, const std::string& id, std::uint64_t token) {
  const auto target = path(id, token);
  const auto folder = fan_out(token);
  int failed = ::rename(draft.path_.c_str(), target.c_str());
  if (failed != 0 && errno == ENOENT) {
    make_folder(folder);
    sync_folder(folder_);
    failed = ::rename(draft.path_.c_str(), target.c_str());
  }
  if (failed != 0) throw file_error(settings_, "name a blob", errno);
  draft.path_ = target;  // until the folder is on the disk, it may still have to be removed
  sync_folder(folder);
  draft.path_.clear();
}

bool BlobFiles::remove(const std::string& id, std::uint64_t token) {
  const bool removed = ::unlink(path(id, token).c_str()) == 0 || errno == ENOENT;
  const std::lock_guard lock(mutex_);
  if (const auto found = opened_.find(token); found != opened_.end()) {
    recent_.erase(found->second);
    opened_.erase(found);
  }
  return removed;
}

std::shared_ptr<const File> BlobFiles::cached(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = opened_.find(token);
  if (found == opened_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->file;
}

std::shared_ptr<const File> BlobFiles::open(const std::string& id, std::uint64_t token) {
  auto file = std::make_shared<const File>(::open(path(id, token).c_str(), O_RDONLY | O_CLOEXEC));
  if (!*file) {
    if (errno == ENOENT) return nullptr;
    throw file_error(settings_, "open blob '" + id + "'", errno);
  }
  ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::shared_ptr<const File> evicted;  // closed behind the lock
  const std::lock_guard lock(mutex_);
  // One that was removed meanwhile is not kept: `remove` has looked here already, and its bytes would stay on the disk.
  struct stat status {};
  if (opened_.contains(token) || ::fstat(file->get(), &status) != 0 || status.st_nlink == 0) return file;
  recent_.push_front({token, file});
  opened_[token] = recent_.begin();
  if (recent_.size() > max_open) {
    evicted = std::move(recent_.back().file);
    opened_.erase(recent_.back().token);
    recent_.pop_back();
  }
  return file;
}

void BlobFiles::close_all() {
  const std::lock_guard lock(mutex_);
  recent_.clear();
  opened_.clear();
}

std::string BlobFiles::fan_out(std::uint64_t token) const {
  return fmt::format("{}/{:02x}", folder_, token >> 56);
}

std::string BlobFiles::path(const std::string& id, std::uint64_t token) const {
  return fmt::format("{}/{}.{:016x}", fan_out(token), id, token);
}

void BlobFiles::make_folder(const std::string& path) const {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw file_error(settings_, "make the folder '" + path + "'", errno);
}

void BlobFiles::sync_folder(const std::string& path) const {
  if (!settings_.live->sync) return;
  const File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) throw file_error(settings_, "sync the folder '" + path + "'", errno);
}

}  // namespace drawbridge::storage
