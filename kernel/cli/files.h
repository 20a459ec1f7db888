#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "drawbridge/bytes.h"

namespace drawbridge::cli {

/// A file that is read as a stream; "-" is standard input.
class InputFile {
 public:
  /// Throws not_found, invalid (a folder), unavailable.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Of a regular file; nothing for what is of unknown length.
  std::optional<std::uint64_t> size() const { return size_; }
  /// The file's name without its folder; empty for standard input.
  const std::string& name() const { return name_; }
  /// Fills the front of `out`; 0 at the end. Throws unavailable.
  std::size_t read(MutableBytes out);

 private:
  int descriptor_ = -1;
  std::string path_;
  std::string name_;
  std::optional<std::uint64_t> size_;
};

/// The whole of a small text file or of standard input ("-"). Throws too_large, and what InputFile throws.
std::string read_text(const std::string& path, std::uint64_t max_bytes);

/// A file that is written as `PATH.part` and gets its name only when it is whole; "-" is standard output. Uncommitted,
/// it leaves nothing, not even when the program is ended by a signal. One at a time.
class OutputFile {
 public:
  /// Throws conflict when the file exists and may not be overwritten, or is being written by somebody else; invalid for
  /// a path that is no place for a file; unavailable.
  OutputFile(const std::string& path, bool overwrite, unsigned mode);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool is_stdout() const { return path_.empty(); }
  std::uint64_t written() const { return written_; }
  /// Throws unavailable.
  void write(BytesView bytes);
  /// Makes it durable and gives it its name. Throws conflict when somebody else made that file meanwhile.
  void commit();

 private:
  int descriptor_ = -1;
  std::filesystem::path path_;  ///< Empty for standard output.
  std::filesystem::path part_;  ///< Empty for standard output, and when committed.
  bool overwrite_;
  std::uint64_t written_ = 0;
};

/// A small file at once. Throws as OutputFile does.
void write_text(const std::string& path, std::string_view text, bool overwrite);

}  // namespace drawbridge::cli
