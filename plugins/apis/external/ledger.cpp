// What is proved: GET /verify_data/{hash}, the proof file, GET /compliance_history, GET /checkpoint.
#include <boost/describe/class.hpp>

#include "drawbridge/cbor.h"
#include "external.h"

namespace drawbridge {
namespace {

struct EventReply {
  std::uint64_t index = 0;
  std::string type;
  Timestamp timestamp{};
  std::string tx_hash;
  std::string commitment;
  std::optional<std::map<std::string, std::string>> details;
};
BOOST_DESCRIBE_STRUCT(EventReply, (), (index, type, timestamp, tx_hash, commitment, details))

struct VerifyReply {
  bool verified = false;
  std::string data_hash;
  std::optional<std::string> reason;
  std::optional<EventReply> event;
  std::optional<std::string> checkpoint;
  std::optional<std::string> proof;
};
BOOST_DESCRIBE_STRUCT(VerifyReply, (), (verified, data_hash, reason, event, checkpoint, proof))

struct VerifyQuery {
  http::Default<bool> deep = false;
};
BOOST_DESCRIBE_STRUCT(VerifyQuery, (), (deep))

struct HistoryQuery {
  std::optional<std::string> data_hash;
  http::Default<std::uint64_t> from = std::uint64_t{0};
  http::Default<std::size_t> limit = 100;
  void check(http::Checks& checks) const {
    if (*limit < 1 || *limit > 1000) checks.fail("limit", "must be 1 to 1000");
  }
};
BOOST_DESCRIBE_STRUCT(HistoryQuery, (), (data_hash, from, limit))

struct HistoryReply {
  std::uint64_t size = 0;
  std::vector<EventReply> events;
  std::optional<std::uint64_t> next;
};
BOOST_DESCRIBE_STRUCT(HistoryReply, (), (size, events, next))

EventReply event_reply(const LedgerEvent& event, bool with_details) {
  EventReply out{event.index, event.type, event.time, tx_hash(event), to_hex(event.commitment), {}};
  if (with_details && !event.details.empty()) {
    out.details.emplace();
    const Cbor details = decode_cbor(event.details);
    for (const auto& [name, value] : details.map()) out.details->emplace(name, value.text());
  }
  return out;
}

Task<http::Response> verify(http::Request& request, ExternalContext& context) {
  const bool deep = *request.query<VerifyQuery>().deep;
  if (deep && !request.client()) {
    throw Error(Code::unauthenticated, "deep verification reads the whole envelope and needs an api key");
  }
  const std::string hash = hash_of(request);
  Verification found = co_await context.assets->verify(hash, deep);
  VerifyReply reply{
      .verified = found.verified, .data_hash = hash, .reason = {}, .event = {}, .checkpoint = {}, .proof = {}};
  if (!found.reason.empty()) reply.reason = std::move(found.reason);
  if (found.event) {
    reply.event = event_reply(*found.event, false);
    reply.checkpoint = std::move(found.checkpoint);
    reply.proof = std::move(found.proof);
  }
  co_return http::Response::json(reply);
}

/// `data_hash` with or without its prefix.
std::string subject_of(std::string hash) {
  return hash.find(':') == std::string::npos ? "sha256:" + hash : hash;
}

Task<http::Response> history(http::Request& request, ExternalContext& context) {
  const auto query = request.query<HistoryQuery>();
  HistoryReply reply;
  reply.size = (co_await context.ledger->head()).size;
  if (query.data_hash) {
    for (const LedgerEvent& event : co_await context.ledger->find(subject_of(*query.data_hash))) {
      reply.events.push_back(event_reply(event, true));
    }
  } else {
    const Ledger::Page page = co_await context.ledger->events(*query.from, *query.limit);
    for (const LedgerEvent& event : page.events) reply.events.push_back(event_reply(event, true));
    if (page.more) reply.next = page.events.back().index + 1;
  }
  co_return http::Response::json(reply);
}

}  // namespace

void add_ledger_routes(http::Router& router, ExternalContext& context) {
  router.get("/verify_data/{hash}", [&context](http::Request& request) { return verify(request, context); },
             {.scope = {}, .auth = false, .summary = "Whether the ledger proves an asset."});
  router.get("/data/{hash}/proof",
             [&context](http::Request& request) -> Task<http::Response> {
               co_return http::Response::text(co_await context.assets->proof(hash_of(request)));
             },
             {.summary = "The proof file, for an offline check."});
  router.get("/compliance_history", [&context](http::Request& request) { return history(request, context); },
             {.summary = "What happened, oldest first."});
  router.get("/checkpoint",
             [&context](http::Request&) -> Task<http::Response> {
               co_return http::Response::text(co_await context.ledger->checkpoint());
             },
             {.scope = {}, .auth = false, .summary = "The ledger's signed head."});
}

}  // namespace drawbridge
