// api.example serves HTTP: `GET /notes/{name}` and `PUT /notes/{name}` of small texts, kept as records.
#include <boost/describe/class.hpp>
#include <memory>

#include "drawbridge/http/json.h"
#include "drawbridge/http/server.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

// A body is a described struct: parsing, types, unknown fields and the 422 answers that name the field come from it.
struct Note {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Note, (), (text))

class ExampleApi final : public Component {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the notes are kept.");
    o.use("access", access_, "Knows the API keys.");
    server_options_.declare(o);  // listen, limits, timeouts
  }

  // Port 0 takes any free one; the log says which.
  Task<> start(Host& host) override {
    http::Router router;
    router.get("/notes/{name}", [this](http::Request& request) { return read(request); }, {.summary = "Reads a note."});
    router.put("/notes/{name}", [this](http::Request& request) { return write(request); },
               {.scope = "share", .summary = "Writes a note."});
    server_options_.access = &*access_;
    server_ = std::make_unique<http::Server>(server_options_, std::move(router), host);
    server_->start();
    host.log().info("listening on {}", server_->url());
    co_return;
  }

  Task<> stop() override {
    if (server_) co_await server_->stop();
  }

 private:
  Task<http::Response> read(http::Request& request) {
    const Key key = "example/" + request.path<std::string>("name");
    const auto stored = co_await records_->get(key);
    if (!stored) throw Error(Code::not_found, "there is no such note");
    co_return http::Response::json(Note{to_text(*stored)});
  }

  Task<http::Response> write(http::Request& request) {
    const Key key = "example/" + request.path<std::string>("name");
    const Note note = co_await request.json<Note>();
    Batch batch;
    batch.put(key, to_bytes(note.text));
    co_await records_->commit(std::move(batch));
    co_return http::Response::json(note);
  }

  Ref<Records> records_;
  Ref<Access> access_;
  http::ServerOptions server_options_{.listen = "127.0.0.1:8090"};
  std::unique_ptr<http::Server> server_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::ExampleApi, "api.example", "0.1.0", "Notes over HTTP.")
