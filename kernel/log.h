#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "drawbridge/log.h"
#include "kernel/config.h"

namespace drawbridge::kernel {

/// The log of a node: where it goes, how a line looks, and each component's level.
///
/// A text line is `2026-04-14T10:30:00.000Z info    main: message`, a JSON line an object of `time`, `level`, `node`,
/// `component` and `message`. Control characters of a message are escaped in both: one event is always one line.
class DRAWBRIDGE_API Log {
 public:
  /// `level` overrides every level of the configuration. Throws Error{unavailable} when the file cannot be opened.
  Log(const LogConfig& config, std::string node_name, std::optional<Level> level = std::nullopt);
  ~Log();

  /// The logger of a component, one for each name. It may outlive the Log. Thread-safe.
  std::shared_ptr<Logger> logger(const std::string& component) const;

  class Sink;
  /// Opens what another configuration writes to. A file is opened anew also when it is the same one, so that a reload
  /// lets go of a file that was moved away. Throws as the constructor does; nothing has changed yet.
  std::shared_ptr<Sink> prepare(const LogConfig& config) const;
  /// From now on every logger writes there, with the levels of `config`. Loggers of components that nothing has any
  /// more are forgotten. Thread-safe.
  void apply(const LogConfig& config, std::shared_ptr<Sink> prepared);

 private:
  class Outlet;
  class ComponentLogger;
  Level level_of(const std::string& component) const;

  const std::string node_name_;
  const std::optional<Level> level_;
  const std::shared_ptr<Outlet> outlet_;
  mutable std::mutex mutex_;
  LogConfig config_;
  mutable std::map<std::string, std::shared_ptr<ComponentLogger>> loggers_;
};

/// `text` within a JSON string, without the quotes. Bytes that are no UTF-8 become U+FFFD.
DRAWBRIDGE_API std::string json_escaped(std::string_view text);

}  // namespace drawbridge::kernel
