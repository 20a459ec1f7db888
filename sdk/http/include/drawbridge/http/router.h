#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/http/request.h"
#include "drawbridge/http/response.h"

namespace drawbridge::http {

using Handler = std::function<Task<Response>(Request&)>;

struct RouteOptions {
  std::string scope = "read";  ///< What the API key must be good for; empty: any key.
  bool auth = true;            ///< Whether an API key is needed at all.
  bool rate_limited = true;
  std::string summary{};  ///< One sentence, for documentation.
};

/// A route as it was declared.
struct Route {
  std::string method;
  std::string pattern;
  std::vector<std::string> parameters;
  Handler handler;
  RouteOptions options;
};

/// Which handler serves which method and path. Filled before the server starts, then only read.
///
///     router.get("/data/{hash}", [this](Request& request) { return open(request); }, {.summary = "Opens an asset."});
///
/// A pattern is made of literal segments and of `{name}`, which takes one whole, non-empty segment. Literals win over
/// parameters:
/// "/data/list" before "/data/{hash}". Segments are split first and percent-decoded then, so an encoded slash is data.
/// A handler's closure lives as long as the server: a coroutine lambda may use its captures.
class DRAWBRIDGE_API Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  /// Each throws Error{internal} for a pattern that is malformed or has the same method already.
  void get(std::string pattern, Handler handler, RouteOptions options = {});
  void post(std::string pattern, Handler handler, RouteOptions options = {});
  void put(std::string pattern, Handler handler, RouteOptions options = {});
  void del(std::string pattern, Handler handler, RouteOptions options = {});
  void head(std::string pattern, Handler handler, RouteOptions options = {});
  void add(std::string method, std::string pattern, Handler handler, RouteOptions options);

  /// Every route in the order of declaration.
  std::vector<const Route*> routes() const;

  struct Match {
    const Route* route = nullptr;         ///< Null: no such path (`allow` is empty), or not with this method.
    std::vector<std::string> parameters;  ///< Decoded, in the order of `route->parameters`.
    std::string allow;                    ///< For 405: "GET, HEAD, POST".
  };
  /// Finds the route; HEAD falls to GET. Reuses `match`. Throws StatusError{400} for bad percent-encoding.
  void find(std::string_view method, std::string_view path, Match& match) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace drawbridge::http
