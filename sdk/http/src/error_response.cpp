#include <algorithm>

#include "drawbridge/http/response.h"

namespace drawbridge::http {
namespace {

void member(std::string& out, std::string_view name, std::string_view text) {
  out += out.empty() ? '{' : ',';
  detail::write_text(out, name);
  out += ':';
  detail::write_text(out, text);
}

// What the client may read. A defect or a damaged disk is nobody's business but the operator's, who finds it in the
// log.
std::string_view public_message(const Error& error) {
  if (error.code() == Code::internal) return "internal error";
  if (error.code() == Code::corrupt) return "stored data is damaged";
  return error.what();
}

void add_field_errors(std::string& out, const FieldErrors& errors) {
  member(out, "field", errors.errors().front().field);
  out += ",\"errors\":";
  detail::write_items(out, '[', ']', errors.errors(), [&](const FieldError& item) {
    std::string one;
    member(one, "field", item.field);
    member(one, "message", item.message);
    out += one + '}';
  });
}

Response respond(const Error& error, int status, std::string_view request_id) {
  const bool is_secret = error.code() == Code::internal || error.code() == Code::corrupt;
  std::string out;
  member(out, "error", public_message(error));
  member(out, "code", name(error.code()));
  if (!error.hint().empty() && !is_secret) member(out, "hint", error.hint());
  if (const auto* fields = dynamic_cast<const FieldErrors*>(&error); fields && !fields->errors().empty()) {
    add_field_errors(out, *fields);
  }
  unsigned retry_after = 0;
  if (status == 429) {
    const auto* busy = dynamic_cast<const BusyError*>(&error);
    retry_after = std::max(1U, busy ? busy->retry_after_seconds() : 1U);
    out += ",\"retry_after\":" + std::to_string(retry_after);
  }
  member(out, "request_id", request_id);
  out += '}';
  Response response = Response::text(std::move(out), "application/json").status(status);
  if (retry_after != 0) response.header("Retry-After", std::to_string(retry_after));
  if (status == 401) response.header("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

Response error_response(const std::exception_ptr& error, std::string_view request_id) {
  try {
    std::rethrow_exception(error);
  } catch (const StatusError& e) {
    return respond(e, e.status(), request_id);
  } catch (const Error& e) {
    return respond(e, status_of(e.code()), request_id);
  } catch (...) {
    return respond(Error(Code::internal, ""), 500, request_id);
  }
}

}  // namespace drawbridge::http
