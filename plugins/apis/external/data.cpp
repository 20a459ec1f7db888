// GET /data/{hash}, as JSON or as bytes with ranges, GET /data/list, and chunks for other software.
#include <boost/describe/class.hpp>
#include <charconv>

#include "drawbridge/task_group.h"
#include "external.h"

namespace drawbridge {
namespace {

/// Long enough that several parts of it are opened at once.
constexpr std::size_t step = 2 * 1024 * 1024;

struct DataReply {
  std::string data;
  std::string encoding;
  std::string sender;
  Timestamp timestamp{};
  bool verified = true;
  std::string data_hash;
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(DataReply, (), (data, encoding, sender, timestamp, verified, data_hash, name, content_type, size))

struct ListQuery {
  std::optional<Timestamp> from;
  std::optional<Timestamp> to;
  http::Default<std::string> recipient;
  http::Default<std::string> role;
  http::Default<std::size_t> limit = 100;
  http::Default<std::string> cursor;

  void check(http::Checks& checks) const {
    if (*limit < 1 || *limit > 1000) checks.fail("limit", "must be 1 to 1000");
    if (!role->empty() && *role != "owner" && *role != "grantee") checks.fail("role", "must be owner or grantee");
  }
};
BOOST_DESCRIBE_STRUCT(ListQuery, (), (from, to, recipient, role, limit, cursor))

struct ItemReply {
  std::string data_hash;
  std::string role;
  std::string sender;
  std::vector<std::string> recipients;
  std::string name;
  std::string content_type;
  std::uint64_t size = 0;
  std::uint64_t envelope_size = 0;
  Timestamp timestamp{};
  std::optional<Timestamp> expires_at;
  std::string state;
  std::string delivery;
  std::string algorithm;
};
BOOST_DESCRIBE_STRUCT(ItemReply, (),
                      (data_hash, role, sender, recipients, name, content_type, size, envelope_size, timestamp,
                       expires_at, state, delivery, algorithm))

struct ListReply {
  std::vector<ItemReply> items;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListReply, (), (items, cursor))

struct ChunkReply {
  std::uint64_t index = 0;
  std::uint64_t count = 0;
  std::string key;
  std::string token;
  std::string format;
};
BOOST_DESCRIBE_STRUCT(ChunkReply, (), (index, count, key, token, format))

bool wants_json(const http::Request& request) {
  const std::string accept(request.header("Accept").value_or("*/*"));
  return accept.find("*/*") != std::string::npos || accept.find("application/json") != std::string::npos;
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// The answer to a range outside the content (RFC 9110 §15.5.17).
http::Response range_refused(const http::Request& request, std::uint64_t size) {
  const http::StatusError error(416, Code::invalid,
                                "the range is not in the content, which has " + std::to_string(size) + " bytes");
  http::Response response = http::error_response(std::make_exception_ptr(error), request.id());
  response.header("Content-Range", "bytes */" + std::to_string(size));
  return response;
}

/// A range outside the content.
struct Unsatisfiable {};

/// The one range of "bytes=a-b", "bytes=a-" or "bytes=-n" (RFC 9110 §14.1.2). Nothing for several ranges or another
/// unit, which are answered with the whole. Throws Unsatisfiable.
std::optional<Range> range_of(const http::Request& request, std::uint64_t size) {
  std::string_view text = request.header("Range").value_or("");
  if (!text.starts_with("bytes=") || text.find(',') != std::string_view::npos) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  const bool suffix = dash == 0 && last;
  if ((!first && !suffix) || (dash + 1 < text.size() && !last) || (first && last && *last < *first))
    return std::nullopt;
  if (size == 0 || (first && *first >= size) || (suffix && *last == 0)) {
    throw Unsatisfiable{};
  }
  if (suffix) return Range{size - std::min(size, *last), size - 1};
  return Range{*first, std::min(last.value_or(size - 1), size - 1)};
}

/// A type that may stand in a header, and that a browser would not run.
std::string safe_type(const std::string& type) {
  for (const char c : type) {
    if (c < 0x20 || c > 0x7e) return "application/octet-stream";
  }
  return type.empty() ? "application/octet-stream" : type;
}

/// RFC 6266 §4.3 with RFC 8187: the name survives whatever it is made of.
std::string disposition(const std::string& name) {
  if (name.empty()) return "attachment";
  std::string out = "attachment; filename*=UTF-8''";
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += "%" + to_hex(BytesView(&byte, 1));
    }
  }
  return out;
}

/// Reads exactly the next bytes of the content.
Task<> read_exactly(OpenAsset& asset, std::uint64_t offset, Bytes& out) {
  const MutableBytes whole(out);
  const std::size_t got = co_await asset.read(offset, whole);
  if (got != whole.size()) throw Error(Code::internal, "the content is shorter than it was");
}

Task<> write_all(http::BodyWriter& out, const Bytes& bytes) {
  if (!bytes.empty()) co_await out.write(bytes);
}

/// Sends a range of the content; while one step is sent, the next is opened.
Task<> send_range(std::shared_ptr<OpenAsset> asset, Range range, http::BodyWriter& out) {
  Bytes now;
  Bytes next;
  for (std::uint64_t offset = range.first; offset <= range.last; offset += now.size()) {
    next.resize(std::min<std::uint64_t>(step, range.last + 1 - offset));
    co_await together(read_exactly(*asset, offset, next), write_all(out, now));
    std::swap(now, next);
  }
  co_await write_all(out, now);
}

http::Response raw_reply(const http::Request& request, std::shared_ptr<OpenAsset> asset) {
  const AssetInfo& info = asset->info();
  const std::uint64_t size = info.content_size;
  std::optional<Range> range;
  try {
    range = range_of(request, size);
  } catch (const Unsatisfiable&) {
    return range_refused(request, size);
  }
  const Range sent = range.value_or(Range{0, size == 0 ? 0 : size - 1});
  const std::uint64_t length = size == 0 ? 0 : sent.last - sent.first + 1;
  auto response =
      http::Response::stream(safe_type(info.info.type), length, [asset, sent, length](http::BodyWriter& out) -> Task<> {
        if (length > 0) co_await send_range(asset, sent, out);
      });
  response.header("Accept-Ranges", "bytes");
  response.header("ETag", "\"" + info.asset + "\"");
  response.header("Content-Disposition", disposition(info.info.name));
  response.header("X-Content-Type-Options", "nosniff");
  response.header("X-Sender", info.owner);
  response.header("X-Shared-At", to_rfc3339(info.time));
  if (!range) return response;
  response.header("Content-Range",
                  "bytes " + std::to_string(sent.first) + "-" + std::to_string(sent.last) + "/" + std::to_string(size));
  return std::move(response).status(206);
}

Task<http::Response> get_data(http::Request& request, ExternalContext& context) {
  std::shared_ptr<OpenAsset> asset = co_await context.assets->open(hash_of(request));
  if (!wants_json(request)) co_return raw_reply(request, std::move(asset));
  const AssetInfo& info = asset->info();
  if (info.content_size > context.max_json_content_bytes) {
    throw Error(Code::too_large, "content of " + std::to_string(info.content_size) + " bytes is not given as JSON",
                "ask with the header Accept: application/octet-stream");
  }
  std::string content(info.content_size, '\0');
  const MutableBytes whole(reinterpret_cast<std::uint8_t*>(content.data()), content.size());
  const std::size_t got = co_await asset->read(0, whole);
  if (got != content.size()) throw Error(Code::internal, "the content is shorter than it was");
  const bool text = is_utf8(content);
  co_return http::Response::json(DataReply{.data = text ? std::move(content) : to_base64(whole),
                                           .encoding = text ? "utf-8" : "base64",
                                           .sender = info.owner,
                                           .timestamp = info.time,
                                           .data_hash = info.asset,
                                           .name = info.info.name,
                                           .content_type = info.info.type,
                                           .size = info.content_size});
}

Task<http::Response> list_data(http::Request& request, ExternalContext& context) {
  const auto query = request.query<ListQuery>();
  AssetQuery wanted{query.from, query.to, *query.recipient, *query.role, *query.cursor, *query.limit};
  Assets::Page page;
  try {
    page = co_await context.assets->list(std::move(wanted));
  } catch (const Error& error) {
    if (error.code() == Code::invalid) throw field_error("cursor", error.what());
    if (error.code() == Code::not_found) throw field_error("recipient", error.what());
    throw;
  }
  ListReply reply;
  for (const AssetInfo& info : page.assets) {
    reply.items.push_back({info.asset, info.role, info.owner, info.grantees, info.info.name, info.info.type,
                           info.content_size, info.envelope_size, info.time, info.expires, info.state, info.delivery,
                           info.suite});
  }
  if (!page.cursor.empty()) reply.cursor = page.cursor;
  co_return http::Response::json(reply);
}

Task<http::Response> get_chunk(http::Request& request, ExternalContext& context) {
  const auto index = request.path<std::uint64_t>("index");
  const PortableChunk chunk = co_await context.assets->export_chunk(hash_of(request), index);
  co_return http::Response::json(
      ChunkReply{chunk.index, chunk.count, std::string(chunk.key.text()), to_base64url(chunk.sealed), chunk.format});
}

}  // namespace

void add_data_routes(http::Router& router, ExternalContext& context) {
  router.get("/data/list", [&context](http::Request& request) { return list_data(request, context); },
             {.summary = "What was shared and received."});
  router.get("/data/{hash}", [&context](http::Request& request) { return get_data(request, context); },
             {.summary = "Opens an asset."});
  router.get("/data/{hash}/chunks/{index}", [&context](http::Request& request) { return get_chunk(request, context); },
             {.scope = "admin", .summary = "One chunk as a token for other software."});
}

}  // namespace drawbridge
