#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "drawbridge/clock.h"

namespace drawbridge::verify {

/// What the command line says, in the program and in the processes that it starts of itself.
struct Settings {
  std::filesystem::path plugin;  ///< The library under test. Absolute.
  std::filesystem::path config;  ///< Empty: a default configuration is made.
  std::vector<std::filesystem::path> plugin_dirs;

  std::string only;
  Milliseconds timeout{60'000};
  std::uint64_t memory_bytes = 0;  ///< 0: no limit.
  std::uint64_t seed = 1;
  unsigned jobs = 0;

  enum class Format { text, tap, json };
  Format format = Format::text;
  std::string junit;  ///< A file, besides the format.
  bool list = false;
  bool print_config = false;

  // Of a process that the program started: hidden from its help.
  std::string mode;               ///< "inspect", "case" or "load"; empty in the program itself.
  std::string case_name;          ///< "records.SurvivesARestart"
  std::filesystem::path scratch;  ///< An empty folder for this process.

  /// How long one start, one stop or one cancelled call may take: so that it is told what hangs.
  Milliseconds deadline() const { return std::min<Milliseconds>(Milliseconds(20'000), timeout / 2); }
};

}  // namespace drawbridge::verify
