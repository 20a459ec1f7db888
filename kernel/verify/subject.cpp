#include "kernel/verify/subject.h"

#include <fmt/core.h>

#include <cstring>
#include <iterator>
#include <sstream>

#include "drawbridge/files.h"
#include "kernel/elf_section.h"

namespace drawbridge::verify {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_library_bytes = 2048_MiB;

template <std::size_t n>
std::string text_of(const char (&text)[n]) {
  return {text, ::strnlen(text, n)};
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

/// "it has sanitizer-asan where this has sanitizer-none"; the tags are lists of words.
std::string tag_difference(const std::string& theirs, const std::string& ours) {
  const auto a = words(theirs), b = words(ours);
  if (a.size() != b.size()) return "its build tag has another form";
  std::string out;
  const char* const what[] = {"another compiler", "another standard library", "another Boost", "another SDK version",
                              "another sanitizer"};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    out += (out.empty() ? "" : ", ") +
           fmt::format("{} ({} where this has {})", i < std::size(what) ? what[i] : "another build", a[i], b[i]);
  }
  return out;
}

/// The descriptor as it is, whatever it says; zeros where the section is too short.
PluginDescriptor raw_descriptor(BytesView file) {
  PluginDescriptor out{};
  const auto section = kernel::elf_section(file, plugin_section);
  if (section) std::memcpy(&out, section->data(), std::min(section->size(), sizeof(PluginDescriptor)));
  out.create = nullptr;
  return out;
}

std::string linked(const fs::path& file, const std::string& id, const fs::path& scratch) {
  const auto folder = scratch / "plugins";
  fs::create_directories(folder);
  std::error_code ignored;  // a process of the same run may have made it
  fs::create_symlink(file, folder / (id + ".so"), ignored);
  return folder;
}

bool is_plain(const std::string& id) {
  return !id.empty() && id.front() != '.' && id.find_first_of("/\\") == std::string::npos;
}

}  // namespace

Subject read_subject(const fs::path& file, const std::vector<fs::path>& plugin_dirs, const fs::path& scratch) {
  const Bytes bytes = read_file(file, max_library_bytes);
  const auto raw = raw_descriptor(bytes);
  const auto id = text_of(raw.id);
  try {
    kernel::read_descriptor(bytes, id);
  } catch (const Error& error) {
    std::string hint = error.hint();
    if (std::memcmp(raw.magic, plugin_magic, sizeof(plugin_magic)) == 0 && raw.abi == sdk_abi) {
      hint += "; it has " + tag_difference(text_of(raw.build_tag), DRAWBRIDGE_BUILD_TAG);
    } else if (hint.empty()) {
      hint = "end its source with DRAWBRIDGE_PLUGIN(Class, \"kind.name\", \"1.0.0\", \"What it does.\")";
    }
    throw Error(error.code(), file.string() + " " + error.what(), hint);
  }
  if (!is_plain(id))
    throw Error(Code::invalid, fmt::format("{} has the id `{}`, which cannot be a file name", file.string(), id));
  Subject out{id, text_of(raw.version), text_of(raw.summary), {}};
  const bool named = file.filename() == id + ".so";
  out.folders.push_back(named ? file.parent_path() : fs::path(linked(file, id, scratch)));
  out.folders.insert(out.folders.end(), plugin_dirs.begin(), plugin_dirs.end());
  return out;
}

}  // namespace drawbridge::verify
