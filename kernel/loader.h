#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/component.h"
#include "drawbridge/plugin.h"

namespace drawbridge::kernel {

/// A plugin whose library is loaded.
struct Plugin {
  std::string id;
  std::string version;
  std::string summary;
  std::filesystem::path file;
  std::shared_ptr<Component> (*create)() = nullptr;
};

/// Finds plugins in folders: the plugin "storage.memory" is the file `storage.memory.so`, the first folder that has it
/// wins.
///
/// A library is loaded only when its descriptor, read from the file without running any of its code, says that it is a
/// plugin for this SDK and this build. A loaded library is never unloaded, not even with the loader: code, type
/// information and thread-local state of a plugin may be reachable from coroutine frames and Asio services that outlive
/// every component.
class DRAWBRIDGE_API Loader {
 public:
  explicit Loader(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  /// Throws Error: not_found (with the nearest id, or the folders that were searched), invalid (the file is no plugin,
  /// or another's), unsupported (made for another SDK or build), unavailable (it cannot be read, or a library that it
  /// needs is missing).
  Plugin load(const std::string& id) const;
  /// The same without loading it: what its file says, with `create` null.
  Plugin inspect(const std::string& id) const;

  /// Every `*.so` in the folders, by id, sorted. They are not looked into.
  std::vector<std::string> known_ids() const;

 private:
  std::filesystem::path find(const std::string& id) const;

  std::vector<std::filesystem::path> folders_;
};

/// The descriptor in the bytes of a plugin library; its `create` is null. Checks magic, size, ABI number, build tag,
/// and that the id is `id`. Throws Error{invalid or unsupported}, worded to follow the file's name. `file` is foreign.
DRAWBRIDGE_API PluginDescriptor read_descriptor(BytesView file, std::string_view id);

}  // namespace drawbridge::kernel
