#pragma once

#include <memory>
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

  /// The logger of a component. It may outlive the Log.
  std::shared_ptr<Logger> logger(const std::string& component) const;

 private:
  class Sink;
  LogConfig config_;
  std::optional<Level> level_;
  std::shared_ptr<Sink> sink_;
};

/// `text` within a JSON string, without the quotes. Bytes that are no UTF-8 become U+FFFD.
DRAWBRIDGE_API std::string json_escaped(std::string_view text);

}  // namespace drawbridge::kernel
