#include "drawbridge/http/router.h"

#include <gtest/gtest.h>

#include "url.h"

namespace drawbridge::http {
namespace {

Task<Response> nothing(Request&) {
  co_return Response();
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.get("/", nothing);
    router_.get("/data/{hash}", nothing);
    router_.get("/data/list", nothing);
    router_.del("/data/{id}", nothing);
    router_.post("/data/list/{page}/x", nothing);
    router_.get("/data/{hash}/y/{hash2}", nothing);
    router_.put("/only", nothing);
  }

  std::string find(std::string_view method, std::string_view path) {
    router_.find(method, path, match_);
    if (!match_.route) return match_.allow.empty() ? "404" : "405 " + match_.allow;
    std::string out = match_.route->method + " " + match_.route->pattern;
    for (std::size_t i = 0; i < match_.parameters.size(); ++i) {
      out += " " + match_.route->parameters[i] + "=" + match_.parameters[i];
    }
    return out;
  }

  Router router_;
  Router::Match match_;
};

TEST_F(RouterTest, LiteralsWinOverParameters) {
  EXPECT_EQ(find("GET", "/"), "GET /");
  EXPECT_EQ(find("GET", "/data/list"), "GET /data/list");
  EXPECT_EQ(find("GET", "/data/lists"), "GET /data/{hash} hash=lists");
  EXPECT_EQ(find("GET", "/data/list/y/2"), "GET /data/{hash}/y/{hash2} hash=list hash2=2");
  EXPECT_EQ(find("POST", "/data/list/2/x"), "POST /data/list/{page}/x page=2");
}

TEST_F(RouterTest, MethodsDecideAmongTheSamePaths) {
  EXPECT_EQ(find("DELETE", "/data/list"), "DELETE /data/{id} id=list");
  EXPECT_EQ(find("HEAD", "/data/a"), "GET /data/{hash} hash=a");
  EXPECT_EQ(find("PUT", "/data/a"), "405 DELETE, GET, HEAD");
  EXPECT_EQ(find("HEAD", "/only"), "405 PUT");
  EXPECT_EQ(find("BREW", "/only"), "405 PUT");
}

TEST_F(RouterTest, UnknownPathsAreNotFound) {
  for (const auto* path : {"/data", "/data/", "/data//", "/dat", "//", "/data/a/b", "", "data", "*"})
    EXPECT_EQ(find("GET", path), "404") << path;
  EXPECT_EQ(find("GET", std::string(4000, '/')), "404");
}

TEST_F(RouterTest, DecodesSegmentsAfterSplitting) {
  EXPECT_EQ(find("GET", "/data/a%2Fb%20%C3%A9"), "GET /data/{hash} hash=a/b é");
  EXPECT_EQ(find("GET", "/data/%6cist"), "GET /data/list");
  for (const auto* path : {"/data/%", "/data/%4", "/data/%zz", "/data/%ff", "/data/%00", "/data/\xff"}) {
    EXPECT_THROW(find("GET", path), StatusError) << path;
  }
}

TEST_F(RouterTest, RefusesDuplicateAndMalformedPatterns) {
  EXPECT_THROW(router_.get("/data/{other}", nothing), Error);
  EXPECT_THROW(router_.get("/data/list", nothing), Error);
  for (const auto* pattern : {"", "x", "/{a}/{a}", "/a{b}", "/{}", "/a?b"})
    EXPECT_THROW(router_.get(pattern, nothing), Error) << pattern;
  EXPECT_THROW(router_.get("/new", Handler()), Error);
  EXPECT_NO_THROW(router_.post("/data/{other}", nothing));
}

TEST(Url, ParsesQueries) {
  const auto query = parse_query("a=1&b=x%20y+z&a=2&flag&=&a=%C3%A9");
  EXPECT_EQ(boost::json::value(query), parse_json(R"({"a":["1","2","é"],"b":"x y z","flag":"","":""})"));
  EXPECT_THROW(parse_query("a=%f"), StatusError);
  EXPECT_THROW(parse_query("%ff=1"), StatusError);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "a=1&";
  EXPECT_THROW(parse_query(many), StatusError);
}

}  // namespace
}  // namespace drawbridge::http
