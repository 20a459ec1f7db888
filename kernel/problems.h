#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/error.h"

namespace drawbridge::kernel {

/// A place in the configuration file, counted from 1; 0 where there is none.
struct Mark {
  int line = 0;
  int column = 0;
};

struct ConfigError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
  std::string hint;

  /// "node.yaml:3:5: unknown option `pth`, did you mean `path`?", with the hint in brackets behind it.
  DRAWBRIDGE_API std::string text() const;
};

/// Everything that is wrong with a configuration, in the order of the file. Its code is `invalid`; what() has one error
/// a line.
class DRAWBRIDGE_API ConfigErrors final : public Error {
 public:
  explicit ConfigErrors(std::vector<ConfigError> errors);
  ~ConfigErrors() override;
  const std::vector<ConfigError>& errors() const { return errors_; }

 private:
  std::vector<ConfigError> errors_;
};

/// Collects errors while a configuration is read, so that all of them can be told at once.
class DRAWBRIDGE_API Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  void add(Mark mark, std::string message, std::string hint = {});
  bool empty() const { return errors_.empty(); }
  const std::vector<ConfigError>& errors() const { return errors_; }
  /// Throws ConfigErrors when there are any.
  void raise() const;

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
};

/// The known name that was most likely meant; empty when none is near. A name without its kind ("memory") is near
/// to the one id that ends in it ("storage.memory").
DRAWBRIDGE_API std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// ", did you mean `path`?" or nothing.
DRAWBRIDGE_API std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

/// "a, b, c"; "none" for an empty list.
DRAWBRIDGE_API std::string joined(const std::vector<std::string>& names, std::string_view separator = ", ");

}  // namespace drawbridge::kernel
