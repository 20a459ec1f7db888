#include "drawbridge/http/errors.h"

#include <array>
#include <utility>

namespace drawbridge::http {
namespace {

std::string summary(const std::vector<FieldError>& errors) {
  if (errors.empty()) return "the request is not as it should be";
  const auto& first = errors.front();
  std::string text = first.field.empty() ? first.message : first.field + ": " + first.message;
  if (errors.size() > 1) text += " (and " + std::to_string(errors.size() - 1) + " more)";
  return text;
}

constexpr std::array<std::pair<int, std::string_view>, 33> reasons = {{
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

}  // namespace

FieldErrors::FieldErrors(std::vector<FieldError> errors)
    : Error(Code::invalid, summary(errors)), errors_(std::move(errors)) {}
FieldErrors::~FieldErrors() = default;

StatusError::StatusError(int status, Code code, const std::string& message, std::string hint)
    : Error(code, message, std::move(hint)), status_(status) {}
StatusError::~StatusError() = default;

BusyError::BusyError(const std::string& message, unsigned retry_after_seconds)
    : Error(Code::busy, message), retry_after_seconds_(retry_after_seconds) {}
BusyError::~BusyError() = default;

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::cannot_open:
      return 422;
    case Code::unauthenticated:
      return 401;
    case Code::payment_required:
      return 402;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::gone:
      return 410;
    case Code::too_large:
      return 413;
    case Code::busy:
      return 429;
    case Code::unavailable:
      return 503;
    case Code::unsupported:
      return 501;
    case Code::corrupt:
    case Code::internal:
      break;
  }
  return 500;
}

Code code_of_status(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 402:
      return Code::payment_required;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
      return Code::conflict;
    case 410:
      return Code::gone;
    case 413:
    case 431:
      return Code::too_large;
    case 429:
      return Code::busy;
    case 405:
    case 501:
      return Code::unsupported;
    case 408:
    case 502:
    case 503:
    case 504:
      return Code::unavailable;
    default:
      return status >= 400 && status < 500 ? Code::invalid : Code::internal;
  }
}

std::string_view reason(int status) {
  for (const auto& [number, text] : reasons) {
    if (number == status) return text;
  }
  return {};
}

}  // namespace drawbridge::http
