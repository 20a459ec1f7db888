// Events: what is appended is what is read, found and paged.
#include <map>

#include "drawbridge/cbor.h"
#include "drawbridge/merkle.h"
#include "ledger_cases.h"

namespace drawbridge::testkit {
namespace {

bool same(const LedgerEvent& a, const LedgerEvent& b) {
  return a.index == b.index && a.type == b.type && a.time == b.time && a.commitment == b.commitment &&
         a.salt == b.salt && a.details == b.details && a.entry == b.entry && a.leaf == b.leaf;
}

Task<> empty(Ledger& ledger) {
  const Checkpoint head = co_await ledger.head();
  DRAWBRIDGE_CHECK(head.size == 0);
  DRAWBRIDGE_CHECK(head.root == merkle_empty_root());
  const auto event = co_await ledger.event(0);
  DRAWBRIDGE_CHECK(!event);
  const Ledger::Page page = co_await ledger.events(0, 10);
  DRAWBRIDGE_CHECK(page.events.empty() && !page.more);
  const auto found = co_await ledger.find("asset-0");
  DRAWBRIDGE_CHECK(found.empty());
  co_await check_throws(Code::not_found, ledger.proof(0, false));
  const auto nothing = co_await ledger.consistency(0, 0);
  DRAWBRIDGE_CHECK(nothing.empty());
  const Checkpoint audited = co_await ledger.audit();
  DRAWBRIDGE_CHECK(audited == head);
}

Task<> reads_back(Ledger& ledger) {
  for (std::uint64_t i = 0; i < 3; ++i) {
    const LedgerEvent event = co_await ledger.append(numbered_draft(i));
    DRAWBRIDGE_CHECK(event.index == i);
    DRAWBRIDGE_CHECK(event.type == "shared");
    DRAWBRIDGE_CHECK(event.leaf == merkle_leaf(event.entry));
    DRAWBRIDGE_CHECK(event.commitment == event_commitment(event.salt, event.details));
    const LedgerEvent decoded = decode_entry(event.entry);
    DRAWBRIDGE_CHECK(decoded.type == event.type && decoded.time == event.time);
    DRAWBRIDGE_CHECK(decoded.commitment == event.commitment);
    const Cbor details = decode_cbor(event.details);
    DRAWBRIDGE_CHECK(details.map().size() == 4);
    DRAWBRIDGE_CHECK(details.at("asset").text() == "asset-" + std::to_string(i));
    DRAWBRIDGE_CHECK(details.at("number").text() == std::to_string(i));
    const auto read = co_await ledger.event(i);
    DRAWBRIDGE_CHECK(read && same(*read, event));
  }
  const auto beyond = co_await ledger.event(3);
  DRAWBRIDGE_CHECK(!beyond);
}

const std::vector<std::string> hidden_words = {"asset-7", "node_a", "node_b", "grantee"};

Task<> reveals_nothing(Ledger& ledger) {
  const LedgerEvent first = co_await ledger.append(numbered_draft(7));
  const LedgerEvent second = co_await ledger.append(numbered_draft(7));
  DRAWBRIDGE_CHECK(first.details == second.details);
  DRAWBRIDGE_CHECK(first.salt.size() == 32 && first.salt != second.salt);
  DRAWBRIDGE_CHECK(first.commitment != second.commitment);
  for (const std::string& hidden : hidden_words) {
    DRAWBRIDGE_CHECK(text_view(first.entry).find(hidden) == std::string_view::npos);
  }
}

const std::vector<std::size_t> page_limits = {1, 7, 100, 300, 1024};

Task<> pages(Ledger& ledger) {
  co_await fill(ledger, 300);
  for (const std::size_t limit : page_limits) {
    std::uint64_t next = limit == 1 ? 290 : 0;
    for (bool more = true; more;) {
      const Ledger::Page page = co_await ledger.events(next, limit);
      DRAWBRIDGE_CHECK(!page.events.empty() && page.events.size() <= limit);
      for (const LedgerEvent& event : page.events) DRAWBRIDGE_CHECK(event.index == next++);
      more = page.more;
      DRAWBRIDGE_CHECK(more == (next < 300));
    }
    DRAWBRIDGE_CHECK(next == 300);
  }
  const Ledger::Page behind = co_await ledger.events(300, 5);
  DRAWBRIDGE_CHECK(behind.events.empty() && !behind.more);
  co_await check_throws(Code::invalid, ledger.events(0, 0));
  co_await check_throws(Code::invalid, ledger.events(0, 1025));
}

EventDraft about(std::string subject) {
  return {"shared", std::move(subject), {}};
}
EventDraft with_detail(std::string key, std::string value) {
  return {"shared", "", {{std::move(key), std::move(value)}}};
}
EventDraft typed(std::string type) {
  return {std::move(type), "", {}};
}

// One subject is the beginning of another, and one looks like a path.
const std::vector<std::string> subjects = {"a", "a/", "a/b", "b", "a", "a/b", "a"};
const std::map<std::string, std::vector<std::uint64_t>> found_indices = {{"a", {0, 4, 6}}, {"a/", {1}}, {"a/b", {2, 5}},
                                                                         {"b", {3, 8}},    {"", {}},    {"c", {}}};

Task<> finds(Ledger& ledger) {
  for (const std::string& subject : subjects) co_await ledger.append(about(subject));
  co_await ledger.append(typed("node"));
  co_await ledger.append(with_detail("asset", "b"));
  for (const auto& [subject, indices] : found_indices) {
    const auto found = co_await ledger.find(subject);
    std::vector<std::uint64_t> got;
    for (const LedgerEvent& event : found) {
      got.push_back(event.index);
      DRAWBRIDGE_CHECK(decode_cbor(event.details).at("asset").text() == subject);
    }
    check(got == indices, "find '" + subject + "'");
  }
}

EventDraft with_details(std::size_t count, std::size_t bytes) {
  EventDraft draft{"shared", "", {}};
  for (std::size_t i = 0; i < count; ++i) draft.details.emplace("d" + std::to_string(i), std::string(bytes, 'x'));
  return draft;
}

const std::vector<std::string> bad_types = {"", "Shared", "a b", "a\n", "\xc3\xa9", std::string(65, 'a')};

EventDraft with_two_subjects() {
  return {"shared", "a", {{"asset", "b"}}};
}

Task<> refuses_bad_drafts(Ledger& ledger) {
  co_await ledger.append(numbered_draft(0));
  for (const std::string& type : bad_types) co_await check_throws(Code::invalid, ledger.append(typed(type)));
  co_await check_throws(Code::invalid, ledger.append(with_detail("key", "\xff")));
  co_await check_throws(Code::invalid, ledger.append(with_detail("\xff", "value")));
  co_await check_throws(Code::invalid, ledger.append(with_two_subjects()));
  co_await check_throws(Code::too_large, ledger.append(with_details(65, 1)));
  co_await check_throws(Code::too_large, ledger.append(with_details(1, 17000)));
  const LedgerEvent next = co_await ledger.append(numbered_draft(1));
  DRAWBRIDGE_CHECK(next.index == 1);
}

Task<> keeps_large_details(Ledger& ledger) {
  const LedgerEvent event = co_await ledger.append(with_details(16, 1000));
  const auto read = co_await ledger.event(event.index);
  DRAWBRIDGE_CHECK(read && same(*read, event));
  const std::string proof = co_await ledger.proof(event.index, true);
  DRAWBRIDGE_CHECK(proof.size() <= 64_KiB);
  DRAWBRIDGE_CHECK(parse_proof(proof).index == event.index);
}

}  // namespace

void add_ledger_event_cases(Suite<Ledger>& suite) {
  suite.push_back({"EmptyLog", empty});
  suite.push_back({"AppendedIsReadBack", reads_back});
  suite.push_back({"EntryRevealsNothing", reveals_nothing});
  suite.push_back({"PagesOldestFirst", pages});
  suite.push_back({"FindsBySubject", finds});
  suite.push_back({"RefusesBadDrafts", refuses_bad_drafts});
  suite.push_back({"KeepsLargeDetails", keeps_large_details});
}

}  // namespace drawbridge::testkit
