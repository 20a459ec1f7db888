#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "drawbridge/error.h"
#include "drawbridge/task.h"

namespace drawbridge::testkit {

/// Where a check stands, as a default argument of its function. clang 14 has no std::source_location.
struct SourceLocation {
  const char* file;
  unsigned line;
  static constexpr SourceLocation current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
};

/// A check that did not hold. Thrown, because the macros of test frameworks do not work inside a coroutine.
class DRAWBRIDGE_API Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& what, SourceLocation where = SourceLocation::current());
  ~Failure() override;
};

inline void check(bool holds, const std::string& what, SourceLocation where = SourceLocation::current()) {
  if (!holds) throw Failure(what, where);
}

/// Awaits `task` and demands an Error of this code.
template <class T>
Task<> check_throws(Code code, Task<T> task, SourceLocation where = SourceLocation::current()) {
  std::string got = "nothing was thrown";
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    if (error.code() == code) co_return;
    got = std::string(name(error.code())) + ": " + error.what();
  }
  throw Failure("expected an error " + std::string(name(code)) + ", got " + got, where);
}

/// One test of a conformance suite: what any implementation of a facet must do. It gets a started, empty
/// implementation.
template <class Facet>
struct Case {
  std::string name;  ///< CamelCase, as GoogleTest wants it.
  std::function<Task<>(Facet&)> run;
};

template <class Facet>
using Suite = std::vector<Case<Facet>>;

}  // namespace drawbridge::testkit

#define DRAWBRIDGE_CHECK(condition) ::drawbridge::testkit::check(static_cast<bool>(condition), #condition)
