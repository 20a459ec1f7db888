#include "drawbridge/http/response.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace drawbridge::http {
namespace {

template <class E>
Response answer(E error) {
  return error_response(std::make_exception_ptr(std::move(error)), "id-1");
}

std::string body(const Response& response) {
  return std::get<std::string>(response.body());
}

TEST(ErrorResponse, MapsEveryCodeToItsStatus) {
  const std::vector<std::pair<Code, int>> statuses = {
      {Code::invalid, 422},     {Code::unauthenticated, 401}, {Code::payment_required, 402},
      {Code::forbidden, 403},   {Code::not_found, 404},       {Code::conflict, 409},
      {Code::gone, 410},        {Code::too_large, 413},       {Code::busy, 429},
      {Code::unavailable, 503}, {Code::cannot_open, 422},     {Code::corrupt, 500},
      {Code::unsupported, 501}, {Code::internal, 500}};
  for (const auto& [code, status] : statuses) {
    const auto response = answer(Error(code, "why", "do it"));
    EXPECT_EQ(response.status(), status) << name(code);
    EXPECT_NE(body(response).find("\"code\":\"" + std::string(name(code)) + "\""), std::string::npos);
  }
}

TEST(ErrorResponse, TellsMessageHintAndId) {
  EXPECT_EQ(body(answer(Error(Code::gone, "it is \"over\"", "ask again"))),
            R"({"error":"it is \"over\"","code":"gone","hint":"ask again","request_id":"id-1"})");
}

TEST(ErrorResponse, KeepsInternalsToItself) {
  for (const auto& response :
       {answer(Error(Code::internal, "secret", "secret")), answer(Error(Code::corrupt, "secret", "secret")),
        answer(std::runtime_error("secret")), answer(42)}) {
    EXPECT_EQ(response.status(), 500);
    EXPECT_EQ(body(response).find("secret"), std::string::npos) << body(response);
  }
}

TEST(ErrorResponse, ListsFields) {
  const auto response = answer(FieldErrors({{"a.b", "is required"}, {"c", "must be text"}}));
  EXPECT_EQ(response.status(), 422);
  EXPECT_EQ(body(response), R"_({"error":"a.b: is required (and 1 more)","code":"invalid","field":"a.b",)_"
                            R"_("errors":[{"field":"a.b","message":"is required"},)_"
                            R"_({"field":"c","message":"must be text"}],"request_id":"id-1"})_");
}

TEST(ErrorResponse, TellsWhenToRetry) {
  const auto response = answer(BusyError("too many requests", 7));
  EXPECT_EQ(body(response), R"({"error":"too many requests","code":"busy","retry_after":7,"request_id":"id-1"})");
  ASSERT_EQ(response.headers().size(), 1U);
  EXPECT_EQ(response.headers()[0], Response::Header("Retry-After", "7"));
  EXPECT_NE(body(answer(Error(Code::busy, "full"))).find("\"retry_after\":1"), std::string::npos);
}

TEST(Response, RefusesHeadersThatWouldBreakTheHead) {
  Response response;
  EXPECT_THROW(response.header("X", "a\r\nSet-Cookie: b"), Error);
  EXPECT_THROW(response.header("X Y", "a"), Error);
  EXPECT_THROW(response.header("", "a"), Error);
  EXPECT_THROW(response.header("content-length", "1"), Error);
  EXPECT_NO_THROW(response.header("X-Thing", "é ok\t"));
}

}  // namespace
}  // namespace drawbridge::http
