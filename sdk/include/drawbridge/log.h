#pragma once

#include <fmt/core.h>

#include <string_view>

#include "drawbridge/export.h"

namespace drawbridge {

enum class Level { trace, debug, info, warning, error, off };

/// A component's log. Levels are set per component in the `log:` section. Thread-safe.
///
///     host.log().info("listening on {}", address);
///
/// Arguments are formatted only where the level is enabled. Never log content, keys, or a Secret (which does not
/// format).
class DRAWBRIDGE_API Logger {
 public:
  virtual ~Logger();
  virtual bool enabled(Level level) const = 0;
  virtual void write(Level level, std::string_view message) = 0;

  template <class... Args>
  void log(Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::debug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::info, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::warning, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    log(Level::error, format, std::forward<Args>(args)...);
  }
};

}  // namespace drawbridge
