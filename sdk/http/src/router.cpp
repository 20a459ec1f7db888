#include "drawbridge/http/router.h"

#include <algorithm>
#include <map>
#include <optional>

#include "url.h"

namespace drawbridge::http {
namespace {

constexpr std::size_t max_segments = 32;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

void check_pattern(std::string_view pattern) {
  const auto fail = [&](const char* why) {
    throw Error(Code::internal, "route '" + std::string(pattern) + "': " + why);
  };
  if (pattern.empty() || pattern.front() != '/') fail("must start with a slash");
  const auto segments = split(pattern);
  if (segments.size() > max_segments) fail("has too many segments");
  std::vector<std::string_view> names;
  for (const auto segment : segments) {
    if (!is_parameter(segment)) {
      if (segment.find_first_of("{}%?#") != std::string_view::npos)
        fail("has a segment that is neither literal nor {name}");
      continue;
    }
    if (std::find(names.begin(), names.end(), segment) != names.end()) fail("has two parameters of one name");
    names.push_back(segment);
  }
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::vector<const Route*> routes;  // one for each method

  const Route* with(std::string_view method) const {
    for (const auto* route : routes) {
      if (route->method == method) return route;
    }
    return method == "HEAD" ? with("GET") : nullptr;
  }

  std::string allow() const {
    std::vector<std::string_view> methods;
    for (const auto* route : routes) methods.push_back(route->method);
    if (with("GET") && std::find(methods.begin(), methods.end(), "HEAD") == methods.end()) methods.push_back("HEAD");
    std::sort(methods.begin(), methods.end());
    std::string out;
    for (const auto method : methods) {
      if (!out.empty()) out += ", ";
      out += method;
    }
    return out;
  }

  // The first node of this path that serves the method; else `elsewhere` keeps one that serves others.
  const Node* find(std::string_view method, std::string_view rest, std::vector<std::string>& parameters,
                   const Node*& elsewhere, std::size_t depth) const {
    if (rest.empty()) {
      if (with(method)) return this;
      if (!routes.empty() && !elsewhere) elsewhere = this;
      return nullptr;
    }
    if (depth == max_segments) return nullptr;
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(end);
    std::optional<std::string> decoded;
    if (segment.find('%') != std::string_view::npos || !is_utf8(segment)) {
      decoded = decode_component(segment, false);
      if (!decoded) throw StatusError(400, Code::invalid, "the path is not properly percent-encoded UTF-8");
      segment = *decoded;
    }
    if (const auto literal = literals.find(segment); literal != literals.end()) {
      if (const auto* found = literal->second->find(method, rest, parameters, elsewhere, depth + 1)) return found;
    }
    if (!parameter || segment.empty()) return nullptr;
    parameters.emplace_back(segment);
    if (const auto* found = parameter->find(method, rest, parameters, elsewhere, depth + 1)) return found;
    parameters.pop_back();
    return nullptr;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  check_pattern(pattern);
  if (!handler) throw Error(Code::internal, "route '" + pattern + "': has no handler");
  auto route =
      std::make_unique<Route>(Route{std::move(method), std::move(pattern), {}, std::move(handler), std::move(options)});
  Node* node = root_.get();
  for (const auto segment : split(route->pattern)) {
    auto& next = is_parameter(segment) ? node->parameter : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    if (is_parameter(segment)) route->parameters.emplace_back(segment.substr(1, segment.size() - 2));
    node = next.get();
  }
  for (const auto* other : node->routes) {
    if (other->method == route->method) {
      throw Error(Code::internal,
                  "route '" + route->method + " " + route->pattern + "' is there already, as '" + other->pattern + "'");
    }
  }
  node->routes.push_back(route.get());
  routes_.push_back(std::move(route));
}

void Router::get(std::string pattern, Handler handler, RouteOptions options) {
  add("GET", std::move(pattern), std::move(handler), std::move(options));
}
void Router::post(std::string pattern, Handler handler, RouteOptions options) {
  add("POST", std::move(pattern), std::move(handler), std::move(options));
}
void Router::put(std::string pattern, Handler handler, RouteOptions options) {
  add("PUT", std::move(pattern), std::move(handler), std::move(options));
}
void Router::del(std::string pattern, Handler handler, RouteOptions options) {
  add("DELETE", std::move(pattern), std::move(handler), std::move(options));
}
void Router::head(std::string pattern, Handler handler, RouteOptions options) {
  add("HEAD", std::move(pattern), std::move(handler), std::move(options));
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> out;
  for (const auto& route : routes_) out.push_back(route.get());
  return out;
}

void Router::find(std::string_view method, std::string_view path, Match& match) const {
  match.route = nullptr;
  match.parameters.clear();
  match.allow.clear();
  if (path.empty() || path.front() != '/') return;
  const Node* elsewhere = nullptr;
  if (const auto* node = root_->find(method, path, match.parameters, elsewhere, 0)) {
    match.route = node->with(method);
  } else if (elsewhere) {
    match.allow = elsewhere->allow();
  }
}

}  // namespace drawbridge::http
