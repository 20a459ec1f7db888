// bench.blob: an API to measure the HTTP kit with authentication: /health, one stored blob of 1 KiB, and records.
#include <boost/describe/class.hpp>

#include "drawbridge/blobs.h"
#include "drawbridge/http/server.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

constexpr std::size_t blob_bytes = 1024;

struct Health {
  std::string status = "ok";
};
BOOST_DESCRIBE_STRUCT(Health, (), (status))

class BlobApi final : public Component {
 public:
  void options(Options& o) override {
    server_options_.declare(o);
    o.use("blobs", blobs_, "What is served.");
    o.use_optional("records", records_, "What is put and got.");
    o.use("access", access_, "Whose API keys are good.");
  }

  Task<> start(Host& host) override {
    const Bytes content = host.random().bytes(blob_bytes);
    const auto writer = co_await blobs_->create();
    co_await writer->write(content);
    co_await writer->commit("bench");
    server_options_.access = &*access_;
    http::Router router;
    router.get("/health", [](http::Request&) -> Task<http::Response> { co_return http::Response::json(Health{}); },
               {.scope = "read"});
    router.get("/blob/{id}",
               [this](http::Request& request) -> Task<http::Response> {
                 Bytes out(blob_bytes);
                 out.resize(co_await blobs_->read(std::string(request.path("id")), 0, out));
                 co_return http::Response::bytes(std::move(out));
               },
               {.scope = "read"});
    if (records_) add_records(router);
    server_ = std::make_unique<http::Server>(server_options_, std::move(router), host);
    server_->start();
  }

  Task<> stop() override {
    if (server_) co_await server_->stop();
  }

 private:
  void add_records(http::Router& router) {
    router.get("/record/{key}",
               [this](http::Request& request) -> Task<http::Response> {
                 auto value = co_await records_->get(std::string(request.path("key")));
                 if (!value) throw Error(Code::not_found, "no such record");
                 co_return http::Response::bytes(std::move(*value));
               },
               {.scope = "read"});
    router.put("/record/{key}",
               [this](http::Request& request) -> Task<http::Response> {
                 Batch batch;
                 const std::string value = co_await request.text();
                 batch.put(std::string(request.path("key")), to_bytes(value));
                 co_await records_->commit(std::move(batch));
                 co_return http::Response::json(Health{});
               },
               {.scope = "read"});
  }

  http::ServerOptions server_options_;
  Ref<Blobs> blobs_;
  Ref<Records> records_;
  Ref<Access> access_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(BlobApi, "bench.blob", "0.1.0", "Serves one blob, to be measured.")

}  // namespace drawbridge
