// The keyring's versions and the API keys.
#include <boost/describe/class.hpp>

#include "internal.h"

namespace drawbridge {
namespace {

struct VersionReply {
  std::uint32_t version = 0;
  Timestamp created{};
  bool current = false;
};
BOOST_DESCRIBE_STRUCT(VersionReply, (), (version, created, current))

struct VersionsReply {
  std::uint32_t current_version = 0;
  std::vector<VersionReply> versions;
};
BOOST_DESCRIBE_STRUCT(VersionsReply, (), (current_version, versions))

struct RotatedReply {
  std::uint32_t current_version = 0;
};
BOOST_DESCRIBE_STRUCT(RotatedReply, (), (current_version))

struct RewrappedReply {
  std::uint64_t records = 0;
  std::vector<std::uint32_t> unused;
};
BOOST_DESCRIBE_STRUCT(RewrappedReply, (), (records, unused))

struct ApiKeyBody {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<Timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(ApiKeyBody, (), (name, scopes, expires_at))

struct ApiKeyReply {
  std::string id;
  std::string name;
  std::vector<std::string> scopes;
  Timestamp created{};
  std::optional<Timestamp> expires;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(ApiKeyReply, (), (id, name, scopes, created, expires, key))

struct ApiKeysReply {
  std::vector<ApiKeyReply> keys;
};
BOOST_DESCRIBE_STRUCT(ApiKeysReply, (), (keys))

struct DoneReply {
  std::string status;
};
BOOST_DESCRIBE_STRUCT(DoneReply, (), (status))

ApiKeyReply reply_of(const ApiClient& client) {
  return {client.id, client.name, client.scopes, client.created, client.expires, {}};
}

VersionsReply versions_reply(const Keyring& keyring) {
  VersionsReply reply{keyring.current_version(), {}};
  for (const KeyVersion& version : keyring.versions()) {
    reply.versions.push_back({version.version, version.created, version.current});
  }
  return reply;
}

Task<http::Response> create_api_key(http::Request& request, InternalContext& context) {
  const auto body = co_await request.json<ApiKeyBody>();
  Access::Created created = co_await context.access->create(body.name, body.scopes, body.expires_at);
  ApiKeyReply reply = reply_of(created.client);
  reply.key = std::move(created.key);
  auto response = http::Response::json(reply, 201);
  response.header("Cache-Control", "no-store");
  co_return response;
}

Task<http::Response> revoke_api_key(http::Request& request, InternalContext& context) {
  const std::string id(request.path("id"));
  if (!co_await context.access->revoke(id)) {
    throw Error(Code::not_found, "no api key '" + id + "'", "look at `drawbridge apikey list`");
  }
  co_return http::Response::json(DoneReply{"revoked"});
}

}  // namespace

void add_key_routes(http::Router& router, InternalContext& context) {
  router.get(
      "/keys",
      [&context](http::Request&) -> Task<http::Response> {
        co_return http::Response::json(versions_reply(*context.keyring));
      },
      admin("The versions of the keyring."));
  router.post(
      "/keys/rotate",
      [&context](http::Request&) -> Task<http::Response> {
        co_return http::Response::json(RotatedReply{co_await context.keyring->rotate()});
      },
      admin("Makes a new key version current."));
  router.post(
      "/keys/rewrap",
      [&context](http::Request&) -> Task<http::Response> {
        Keyring::Rewrapped done = co_await context.keyring->rewrap();
        co_return http::Response::json(RewrappedReply{done.records, std::move(done.unused)});
      },
      admin("Seals every stored secret under the current version."));
  router.get(
      "/apikeys",
      [&context](http::Request&) -> Task<http::Response> {
        ApiKeysReply reply;
        for (const ApiClient& client : context.access->list()) reply.keys.push_back(reply_of(client));
        co_return http::Response::json(reply);
      },
      admin("The API keys, without their secrets."));
  router.post(
      "/apikeys", [&context](http::Request& request) { return create_api_key(request, context); },
      admin("Makes an API key, told once."));
  router.del(
      "/apikeys/{id}", [&context](http::Request& request) { return revoke_api_key(request, context); },
      admin("Revokes an API key at once."));
}

}  // namespace drawbridge
