#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/error.h"

namespace drawbridge::http {

/// One field of a request that is not as it should be. `field` is a dotted path, "items[2].price"; empty for the whole.
struct FieldError {
  std::string field;
  std::string message;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// All that is wrong with the fields of one request. Answered with 422 and `{"error", "field", "errors": […]}`.
class DRAWBRIDGE_API FieldErrors final : public Error {
 public:
  /// `errors` must not be empty; the message is made of the first.
  explicit FieldErrors(std::vector<FieldError> errors);
  ~FieldErrors() override;

  const std::vector<FieldError>& errors() const { return errors_; }

 private:
  std::vector<FieldError> errors_;
};

/// An error with a status of its own, where the status of its code would not do (400 for what is not HTTP or not JSON).
class DRAWBRIDGE_API StatusError final : public Error {
 public:
  StatusError(int status, Code code, const std::string& message, std::string hint = {});
  ~StatusError() override;

  int status() const { return status_; }

 private:
  int status_;
};

/// Too many requests. Answered with 429, `Retry-After` and `{"error", "retry_after"}`.
class DRAWBRIDGE_API BusyError final : public Error {
 public:
  BusyError(const std::string& message, unsigned retry_after_seconds);
  ~BusyError() override;

  unsigned retry_after_seconds() const { return retry_after_seconds_; }

 private:
  unsigned retry_after_seconds_;
};

/// The status that answers an error, and back: the code that a client makes of a status without a body that tells more.
DRAWBRIDGE_API int status_of(Code code);
DRAWBRIDGE_API Code code_of_status(int status);

/// "Not Found"; empty for a status that has no name here.
DRAWBRIDGE_API std::string_view reason(int status);

}  // namespace drawbridge::http
