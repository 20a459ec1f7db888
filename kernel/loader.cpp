#include "kernel/loader.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include "kernel/elf_section.h"
#include "kernel/problems.h"

namespace drawbridge::kernel {
namespace {

namespace fs = std::filesystem;

/// A file mapped for reading: a plugin may be many megabytes, and only its tables are looked at.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0) refuse(descriptor, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) refuse(descriptor, "not a regular file");
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ > 0) memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory_ == MAP_FAILED) refuse(descriptor, std::strerror(errno));
    ::close(descriptor);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (size_ > 0) ::munmap(memory_, size_);
  }
  BytesView bytes() const { return {static_cast<const std::uint8_t*>(memory_), size_}; }

 private:
  [[noreturn]] static void refuse(int descriptor, const char* why) {
    const std::string message = fmt::format("cannot be read: {}", why);
    if (descriptor >= 0) ::close(descriptor);
    throw Error(Code::unavailable, message);
  }

  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

template <std::size_t n>
std::string_view fixed_text(const char (&text)[n]) {
  return {text, ::strnlen(text, n)};
}

const PluginDescriptor& loaded_descriptor(const fs::path& file) {
  // Never destroyed, so never unloaded; see the header.
  static auto& libraries = *new std::set<boost::dll::shared_library>();
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  boost::dll::fs::error_code failure;
  boost::dll::shared_library library;
  ::dlerror();
  library.load(file, failure, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (failure) {
    const char* reason = ::dlerror();
    throw Error(Code::unavailable, fmt::format("cannot be loaded: {}", reason != nullptr ? reason : failure.message()));
  }
  if (!library.has(plugin_symbol)) throw Error(Code::invalid, "does not export its descriptor");
  const auto& descriptor = library.get<const PluginDescriptor>(plugin_symbol);
  libraries.insert(std::move(library));
  return descriptor;
}

}  // namespace

PluginDescriptor read_descriptor(BytesView file, std::string_view id) {
  const auto section = elf_section(file, plugin_section);
  if (!section) throw Error(Code::invalid, "is a shared library but not a plugin");
  // The head does not change between versions of the SDK, so that a descriptor of any of them can be told apart.
  constexpr std::size_t head = offsetof(PluginDescriptor, build_tag);
  if (section->size() < head) throw Error(Code::invalid, "has a damaged plugin descriptor");
  PluginDescriptor found{};
  std::memcpy(&found, section->data(), head);
  if (std::memcmp(found.magic, plugin_magic, sizeof(plugin_magic)) != 0) {
    throw Error(Code::invalid, "has a plugin descriptor of an unknown format");
  }
  if (found.abi != sdk_abi || found.size != sizeof(PluginDescriptor)) {
    throw Error(Code::unsupported, fmt::format("was made for SDK ABI {}, this is {}", found.abi, sdk_abi),
                "rebuild the plugin with this version of the SDK");
  }
  if (section->size() < sizeof(PluginDescriptor)) throw Error(Code::invalid, "has a damaged plugin descriptor");
  std::memcpy(&found, section->data(), sizeof(PluginDescriptor));
  found.create = nullptr;
  if (fixed_text(found.build_tag) != DRAWBRIDGE_BUILD_TAG) {
    throw Error(Code::unsupported,
                fmt::format("was built as '{}', this is '{}'", fixed_text(found.build_tag), DRAWBRIDGE_BUILD_TAG),
                "rebuild the plugin with the same compiler, standard library, SDK and sanitizer");
  }
  if (fixed_text(found.id) != id) {
    throw Error(Code::invalid, fmt::format("is the plugin `{}`", fixed_text(found.id)),
                fmt::format("name the file {}.so", fixed_text(found.id)));
  }
  return found;
}

std::vector<std::string> Loader::known_ids() const {
  std::set<std::string> ids;
  for (const auto& folder : folders_) {
    std::error_code ignored;  // a folder that is missing has no plugins
    for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
      if (at->path().extension() == ".so") ids.insert(at->path().stem().string());
    }
  }
  return {ids.begin(), ids.end()};
}

fs::path Loader::find(const std::string& id) const {
  const bool plain = !id.empty() && id.find_first_of("/\\") == std::string::npos && id.front() != '.';
  if (!plain) throw Error(Code::invalid, fmt::format("`{}` is not a plugin id", id));
  for (const auto& folder : folders_) {
    std::error_code ignored;
    if (fs::exists(folder / (id + ".so"), ignored)) return fs::absolute(folder / (id + ".so"));
  }
  const auto near = did_you_mean(id, known_ids());
  std::vector<std::string> searched;
  for (const auto& folder : folders_) searched.push_back(folder.string());
  throw Error(Code::not_found, fmt::format("there is no plugin `{}`{}", id, near),
              fmt::format("searched for {}.so in: {}", id, joined(searched)));
}

Plugin Loader::load(const std::string& id) const {
  auto plugin = inspect(id);
  try {
    plugin.create = loaded_descriptor(plugin.file).create;
    return plugin;
  } catch (const Error& error) {
    throw Error(error.code(), plugin.file.string() + " " + error.what(), error.hint());
  }
}

Plugin Loader::inspect(const std::string& id) const {
  const auto file = find(id);
  try {
    const auto descriptor = read_descriptor(MappedFile(file).bytes(), id);
    return {id, std::string(fixed_text(descriptor.version)), std::string(fixed_text(descriptor.summary)), file,
            nullptr};
  } catch (const Error& error) {
    const std::string hint = error.hint().empty() ? "put the plugin's library of this build there" : error.hint();
    throw Error(error.code(), file.string() + " " + error.what(), hint);
  }
}

}  // namespace drawbridge::kernel
