// An HTTP API whose routes are written in Python; the server is that of every API.
#include <memory>

#include "component.h"
#include "drawbridge/http/server.h"
#include "drawbridge/options.h"
#include "interpreter.h"

namespace drawbridge::python {
namespace {

constexpr std::size_t max_routes = 256;
constexpr std::string_view told_headers[] = {"accept", "content-type", "if-none-match", "user-agent"};

/// A route as the class declares it.
struct Declared {
  std::string method;
  std::string pattern;
  SharedObject handler;
  http::RouteOptions options;
};

/// What a handler gets, free of the request's life: it may go on when the request is given up.
struct Asked {
  std::string method, path, query, body, client, address, id;
  std::vector<std::pair<std::string, std::string>> parameters, headers;
};

struct Answer {
  int status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  Bytes body;
};

py::dict dict_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  py::dict out;
  for (const auto& [name, value] : pairs) out[to_python(name)] = to_python(value);
  return out;
}

py::object request_of(const Asked& asked) {
  return mount_function("request")(to_python(asked.method), to_python(asked.path), dict_of(asked.parameters),
                                   to_python(asked.query), dict_of(asked.headers), to_python(view(asked.body)),
                                   to_python(asked.client), to_python(asked.address), to_python(asked.id));
}

Answer answer_from(py::handle result) {
  const auto encoded = mount_function("encoded")(result).cast<py::tuple>();
  Answer out{encoded[0].cast<int>(), text_result(encoded[1]), {}, bytes_from(encoded[3])};
  if (out.status < 200 || out.status > 599) throw py::value_error("no such status: " + std::to_string(out.status));
  for (const auto [name, value] : encoded[2].cast<py::dict>())
    out.headers.emplace_back(text_result(name), text_result(value));
  return out;
}

class PythonApi final : public PythonComponent {
 public:
  void options(Options& options) override {
    PythonComponent::options(options);
    server_options_.declare(options);
    options.use_optional("access", access_, "Who checks the API keys; needed unless every route is open.");
  }
  Task<> stop() override {
    if (server_) co_await server_->stop();
    co_await PythonComponent::stop();
  }

 protected:
  Task<> started(Host& host) override {
    auto invoke = [](const py::object& method) { return method(); };
    auto convert = [python = python_](py::handle result) {
      std::vector<Declared> out;
      for (const auto item : py::iter(result)) {
        if (out.size() == max_routes) throw py::value_error("more than 256 routes");
        out.push_back(declared_from(*python, item));
      }
      return out;
    };
    auto routes = co_await python().call<std::vector<Declared>>("routes", "a list of Route", invoke, convert);
    http::Router router;
    for (auto& route : routes) add(router, std::move(route));
    server_options_.access = access_ ? &*access_ : nullptr;
    server_ = std::make_unique<http::Server>(server_options_, std::move(router), host);
    server_->start();
    host.log().info("listening on {}", server_->url());
  }

 private:
  static Declared declared_from(const Mounted& python, py::handle item) {
    const py::object route = mount_function("route_of")(item);
    http::RouteOptions options;
    options.scope = text_result(route.attr("scope"));
    options.auth = bool_result(route.attr("auth"));
    options.summary = text_result(route.attr("summary"));
    // Handlers are called by this name: see Mounted::call_on.
    const auto holder =
        py::module_::import("types").attr("SimpleNamespace")(py::arg("handler") = route.attr("handler"));
    return {text_result(route.attr("method")), text_result(route.attr("path")), python.share(holder),
            std::move(options)};
  }

  void add(http::Router& router, Declared route) {
    const auto names = parameters_of(route.pattern);
    auto handle = [this, handler = route.handler, names](http::Request& request) {
      return answer(request, handler, names);
    };
    router.add(route.method, route.pattern, handle, route.options);
  }

  static std::vector<std::string> parameters_of(const std::string& pattern) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = pattern.find('{', at)) != std::string::npos; ++at) {
      const auto end = pattern.find('}', at);
      if (end == std::string::npos) break;  // the router refuses it
      out.push_back(pattern.substr(at + 1, end - at - 1));
    }
    return out;
  }

  Task<http::Response> answer(http::Request& request, SharedObject handler, std::vector<std::string> names) {
    Asked asked{std::string(request.method()),
                std::string(request.path()),
                std::string(request.query_text()),
                {},
                request.client() ? request.client()->name : "",
                request.address(),
                request.id(),
                {},
                {}};
    for (const auto& name : names) asked.parameters.emplace_back(name, request.path(name));
    for (const auto name : told_headers) {
      if (const auto value = request.header(name)) asked.headers.emplace_back(name, *value);
    }
    asked.body = co_await request.text();
    auto invoke = [asked = std::move(asked)](const py::object& method) { return method(request_of(asked)); };
    Answer got;
    try {
      got = co_await python().call_on<Answer>(handler, "handler", "an answer", invoke, answer_from);
    } catch (const Error& error) {
      if (error.code() == Code::internal) throw std::runtime_error("");  // logged; a client learns nothing of it
      throw;
    }
    auto response = got.body.empty() ? http::Response(got.status)
                                     : http::Response::bytes(std::move(got.body), got.content_type).status(got.status);
    for (auto& [name, value] : got.headers) response.header(std::move(name), std::move(value));
    co_return response;
  }

  http::ServerOptions server_options_;
  Ref<Access> access_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

std::shared_ptr<PythonComponent> make_api() {
  return std::make_shared<PythonApi>();
}

}  // namespace drawbridge::python
