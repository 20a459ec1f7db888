// POST /share_data and DELETE /data/{hash}.
#include <boost/describe/class.hpp>

#include "external.h"

namespace drawbridge {
namespace {

struct ShareBody {
  std::string data;
  std::string recipient;
  http::Default<std::string> encoding = "utf-8";
  std::optional<Timestamp> expires_at;
  http::Default<std::string> name;
  http::Default<std::string> content_type;
  http::Default<bool> encrypt = true;
  http::Default<bool> require_payment = false;
  http::Default<double> price = 0.0;

  void check(http::Checks& checks) const {
    if (recipient.empty()) checks.fail("recipient", "must not be empty");
    if (*encoding != "utf-8" && *encoding != "base64") checks.fail("encoding", "must be utf-8 or base64");
    if (*encoding == "base64" && !from_base64(data)) checks.fail("data", "is not base64");
    if (!*encrypt) checks.fail("encrypt", "must be true: this node shares nothing unencrypted");
    if (*require_payment) checks.fail("require_payment", "must be false: this node has no payments configured");
    if (*price != 0.0) checks.fail("price", "must be 0: this node has no payments configured");
  }
};
BOOST_DESCRIBE_STRUCT(ShareBody, (),
                      (data, recipient, encoding, expires_at, name, content_type, encrypt, require_payment, price))

struct ShareQuery {
  std::string recipient;
  std::optional<Timestamp> expires_at;
  http::Default<std::string> name;
  std::optional<std::string> type;
};
BOOST_DESCRIBE_STRUCT(ShareQuery, (), (recipient, expires_at, name, type))

struct EncryptionReply {
  std::string algorithm;
  std::uint32_t key_version = 0;
};
BOOST_DESCRIBE_STRUCT(EncryptionReply, (), (algorithm, key_version))

struct ComplianceReply {
  std::string tx_hash;
  bool recorded = true;
  std::uint64_t index = 0;
  Timestamp timestamp{};
};
BOOST_DESCRIBE_STRUCT(ComplianceReply, (), (tx_hash, recorded, index, timestamp))

struct ShareReply {
  std::string status = "shared";
  std::string data_hash;
  std::string tx_hash;
  std::string recipient;
  std::uint64_t size = 0;
  EncryptionReply encryption;
  ComplianceReply compliance;
  std::string delivery;
};
BOOST_DESCRIBE_STRUCT(ShareReply, (), (status, data_hash, tx_hash, recipient, size, encryption, compliance, delivery))

struct RevokeQuery {
  std::optional<std::string> recipient;
};
BOOST_DESCRIBE_STRUCT(RevokeQuery, (), (recipient))

struct RevokeReply {
  std::string status;
  std::string data_hash;
};
BOOST_DESCRIBE_STRUCT(RevokeReply, (), (status, data_hash))

/// Content that is in memory.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(BytesView content) : left_(content) {}
  Task<std::size_t> read(MutableBytes out) override {
    const std::size_t count = std::min(out.size(), left_.size());
    std::copy_n(left_.begin(), count, out.begin());
    left_ = left_.subspan(count);
    co_return count;
  }

 private:
  BytesView left_;
};

/// Content that is being uploaded.
class UploadSource final : public ByteSource {
 public:
  UploadSource(http::Request& request, std::uint64_t most) : request_(request), left_(most) {
    if (request.content_length().value_or(0) > most) refuse();
  }
  Task<std::size_t> read(MutableBytes out) override {
    const std::size_t got = co_await request_.read(out);
    if (got > left_) refuse();
    left_ -= got;
    co_return got;
  }

 private:
  [[noreturn]] static void refuse() {
    throw Error(Code::too_large, "the content is longer than max_upload of this node");
  }
  http::Request& request_;
  std::uint64_t left_;
};

/// What the service says of recipient and expiry, said of the request's fields.
Task<Shared> share_with(ExternalContext& context, ShareRequest request, ByteSource& content) {
  if (request.expires && *request.expires <= context.host->clock().now()) {
    throw field_error("expires_at", "is in the past");
  }
  std::optional<std::string> unknown;
  try {
    co_return co_await context.assets->share(std::move(request), content);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    unknown = std::string(error.what()) + (error.hint().empty() ? "" : "; " + error.hint());
  }
  throw field_error("recipient", *unknown);
}

Task<http::Response> share(http::Request& request, ExternalContext& context) {
  Shared shared;
  const std::string type(request.header("Content-Type").value_or(""));
  if (type.starts_with("application/json")) {
    const ShareBody body = co_await request.json<ShareBody>();
    const bool encoded = *body.encoding == "base64";
    const Bytes decoded = encoded ? *from_base64(body.data) : Bytes{};
    TextSource content(encoded ? BytesView(decoded) : view(body.data));
    ShareRequest wanted{body.recipient, {*body.name, *body.content_type}, body.expires_at};
    if (wanted.info.type.empty() && !encoded) wanted.info.type = "text/plain; charset=utf-8";
    shared = co_await share_with(context, std::move(wanted), content);
  } else {
    const auto query = request.query<ShareQuery>();
    UploadSource content(request, context.max_upload_bytes);
    ShareRequest wanted{query.recipient, {*query.name, query.type.value_or(type)}, query.expires_at};
    shared = co_await share_with(context, std::move(wanted), content);
  }
  const std::string hash = tx_hash(shared.event);
  co_return http::Response::json(ShareReply{.data_hash = shared.asset,
                                            .tx_hash = hash,
                                            .recipient = shared.recipient,
                                            .size = shared.content_size,
                                            .encryption = {shared.suite, shared.key_version},
                                            .compliance = {hash, true, shared.event.index, shared.event.time},
                                            .delivery = shared.delivered ? "delivered" : "pending"});
}

}  // namespace

void add_share_routes(http::Router& router, ExternalContext& context) {
  router.post("/share_data", [&context](http::Request& request) { return share(request, context); },
              {.scope = "share", .summary = "Seals content and grants it to a recipient."});
  router.del("/data/{hash}",
             [&context](http::Request& request) -> Task<http::Response> {
               const auto query = request.query<RevokeQuery>();
               const std::string hash = hash_of(request);
               co_await context.assets->revoke(hash, query.recipient);
               co_return http::Response::json(RevokeReply{"revoked", hash});
             },
             {.scope = "share", .summary = "Revokes the grants of an asset."});
}

}  // namespace drawbridge
