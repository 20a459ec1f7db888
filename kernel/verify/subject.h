#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "drawbridge/plugin.h"
#include "kernel/loader.h"

namespace drawbridge::verify {

/// The plugin under test, as its file says: nothing of it has run.
struct Subject {
  std::string id;
  std::string version;
  std::string summary;
  /// Where the plugin and those that it needs are found.
  std::vector<std::filesystem::path> folders;
};

/// Reads the descriptor in the file. Throws Error whose message names what is wrong: no ELF library, no descriptor,
/// one of another format, another ABI number, another compiler or sanitizer. A file that is not called `<id>.so` gets
/// a link of that name in `scratch`.
Subject read_subject(const std::filesystem::path& file, const std::vector<std::filesystem::path>& plugin_dirs,
                     const std::filesystem::path& scratch);

}  // namespace drawbridge::verify
