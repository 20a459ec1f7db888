#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernel/verify/settings.h"

namespace drawbridge::verify {

/// How a process of this program's own ended.
struct Outcome {
  enum class Verdict { passed, failed, skipped, broken };  ///< broken: crashed, hung, or ended on its own.
  Verdict verdict = Verdict::broken;
  std::string text;                ///< Why; for `passed`, what the process answered.
  std::vector<std::string> facts;  ///< What it told, one a line.
  std::string output;              ///< The end of its standard output and error.
  Milliseconds took{};
};

/// Starts this program once more with these settings and waits for its end: kills it after `settings.timeout`.
Outcome run_self(const Settings& settings);

/// The same for many, `jobs` at a time. `done` is called with the index of each as it ends. Everything that runs is
/// killed when this process gets SIGINT or SIGTERM; then it returns false.
bool run_all(const std::vector<Settings>& each, unsigned jobs,
             const std::function<void(std::size_t index, Outcome outcome)>& done);

}  // namespace drawbridge::verify
