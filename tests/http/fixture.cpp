#include "fixture.h"

#include "drawbridge/hash.h"

namespace drawbridge::http::test {

ServerTest::ServerTest() {
  keys_.give("reader", "reader-id", {"read"});
  keys_.give("sharer", "sharer-id", {"read", "share"});
  options_.listen = "127.0.0.1:0";
  options_.access = &keys_;
  options_.drain_timeout = Milliseconds(10'000);
  add_routes();
}

ServerTest::~ServerTest() {
  gate_ = true;
  stop();
}

void ServerTest::start() {
  server_ = std::make_unique<Server>(options_, std::move(router_), host_);
  server_->start();
}

void ServerTest::stop() {
  if (server_) host_.wait(server_->stop());
}

std::string ServerTest::get(const std::string& target, const std::string& more) {
  return "GET " + target + " HTTP/1.1\r\nHost: node\r\n" + more + "\r\n";
}

std::string ServerTest::post(const std::string& target, const std::string& body, const std::string& more) {
  return "POST " + target + " HTTP/1.1\r\nHost: node\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more + "\r\n" + body;
}

void ServerTest::add_routes() {
  const RouteOptions open{.auth = false};
  router_.get(
      "/open", [](Request&) -> Task<Response> { co_return Response::text("open"); }, open);
  router_.get("/free", [](Request&) -> Task<Response> { co_return Response::text("free"); },
              {.auth = false, .rate_limited = false});
  router_.get("/who",
              [](Request& r) -> Task<Response> { co_return Response::text(r.client()->id + " " + r.address()); });
  router_.get(
      "/address", [](Request& r) -> Task<Response> { co_return Response::text(r.address()); }, open);
  router_.get("/data/list", [](Request& r) -> Task<Response> {
    const auto query = r.query<Query>();
    co_return Response::json(query);
  });
  router_.get("/data/{hash}",
              [](Request& r) -> Task<Response> { co_return Response::text("hash " + std::string(r.path("hash"))); });
  router_.del("/data/{id}", [](Request&) -> Task<Response> { co_return Response(204); }, {.scope = "share"});
  router_.get(
      "/number/{n}",
      [](Request& r) -> Task<Response> { co_return Response::text(std::to_string(r.path<std::uint16_t>("n"))); }, open);
  router_.post("/order",
               [this](Request& r) -> Task<Response> {
                 ++begun_;
                 auto order = co_await r.json<Order>();
                 co_return Response::json(order, 201);
               },
               {.scope = "share"});
  router_.post(
      "/unread",
      [this](Request&) -> Task<Response> {
        ++begun_;
        co_return Response::text("not wanted");
      },
      open);
  router_.post(
      "/upload",
      [this](Request& r) -> Task<Response> {
        ++begun_;
        Bytes piece(64 * 1024);
        auto hasher = Sha256();
        for (;;) {
          const auto count = co_await r.read(piece);
          if (count == 0) break;
          taken_ += count;
          hasher.update(BytesView(piece).first(count));
        }
        const auto digest = hasher.finish();
        co_return Response::text(to_hex(digest));
      },
      open);
  router_.get(
      "/download/{size}",
      [](Request& r) -> Task<Response> {
        const auto size = r.path<std::uint64_t>("size");
        const bool chunked = r.query_text().starts_with("chunked");
        // Longer than what the server writes at a time, or shorter.
        const std::size_t at_once = r.query_text().ends_with("long") ? 700'001 : 64 * 1024;
        const std::optional<std::uint64_t> length = chunked ? std::nullopt : std::optional(size);
        co_return Response::stream("application/octet-stream", length, [size, at_once](BodyWriter& out) -> Task<> {
          Bytes piece(at_once);
          for (std::uint64_t done = 0; done < size;) {
            for (std::size_t i = 0; i < piece.size(); ++i)
              piece[i] = static_cast<std::uint8_t>((done + i) * 2654435761U >> 13);
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - done));
            co_await out.write(BytesView(piece).first(count));
            done += count;
          }
        });
      },
      open);
  router_.get(
      "/broken/{when}",
      [](Request& r) -> Task<Response> {
        const bool late = r.path("when") == "late";
        co_return Response::stream("text/plain", std::nullopt, [late](BodyWriter& out) -> Task<> {
          static const Bytes piece = to_bytes("piece");
          if (late) co_await out.write(piece);
          throw Error(Code::gone, "it is over", "share it again");
        });
      },
      open);
  router_.get(
      "/short",
      [](Request&) -> Task<Response> {
        co_return Response::stream("text/plain", 10, [](BodyWriter& out) -> Task<> {
          static const Bytes piece = to_bytes("piece");
          co_await out.write(piece);
        });
      },
      open);
  router_.get(
      "/fail/{code}",
      [](Request& r) -> Task<Response> {
        if (r.path("code") == "foreign") throw std::runtime_error("secret path /root");
        throw Error(code_from_name(r.path("code")), "because /secret", "do something");
        co_return Response();
      },
      open);
  router_.get(
      "/gate",
      [this](Request& r) -> Task<Response> {
        ++begun_;
        while (!gate_) co_await r.host().sleep(Milliseconds(1));
        co_return Response::text("through");
      },
      open);
}

}  // namespace drawbridge::http::test
