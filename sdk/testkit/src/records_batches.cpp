// Batches: all or nothing, and only when the preconditions hold.
#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

Task<> several_keys(Records& records) {
  co_await put(records, "old", "x");
  Batch batch;
  batch.put("a", to_bytes("1")).put("b", to_bytes("2")).erase("old");
  co_await records.commit(std::move(batch));
  DRAWBRIDGE_CHECK(co_await keys(records, "", "", 10) == "a b ");
}

Task<> last_change_wins(Records& records) {
  co_await put(records, "kept", "x");
  Batch batch;
  batch.put("a", to_bytes("1")).put("a", to_bytes("2"));
  batch.put("b", to_bytes("1")).erase("b");
  batch.erase("c").put("c", to_bytes("3"));
  batch.put("kept", to_bytes("y")).erase("kept").put("kept", to_bytes("z"));
  co_await records.commit(std::move(batch));
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "2");
  DRAWBRIDGE_CHECK(co_await text(records, "b") == "(absent)");
  DRAWBRIDGE_CHECK(co_await text(records, "c") == "3");
  DRAWBRIDGE_CHECK(co_await text(records, "kept") == "z");
}

Task<> expect_value(Records& records) {
  co_await put(records, "a", "one");
  Batch right;
  right.expect("a", to_bytes("one")).put("a", to_bytes("two"));
  co_await records.commit(right);
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "two");
  co_await check_throws(Code::conflict, records.commit(right));  // the value is another one by now
  Batch of_nothing;
  of_nothing.expect("b", to_bytes("one")).put("b", to_bytes("two"));
  co_await check_throws(Code::conflict, records.commit(of_nothing));
  Batch beginning;
  beginning.expect("a", to_bytes("tw")).put("a", to_bytes("three"));
  co_await check_throws(Code::conflict, records.commit(beginning));
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "two");
}

Task<> expect_absence(Records& records) {
  Batch create;
  create.expect_absent("a").put("a", to_bytes("one"));
  co_await records.commit(create);
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "one");
  co_await check_throws(Code::conflict, records.commit(create));
  co_await erase(records, "a");
  co_await records.commit(create);
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "one");
}

Task<> empty_value_is_present(Records& records) {
  co_await put(records, "a", "");
  Batch batch;
  batch.expect_absent("a").put("b", to_bytes("x"));
  co_await check_throws(Code::conflict, records.commit(batch));
  Batch other;
  other.expect("a", {}).put("b", to_bytes("y"));
  co_await records.commit(other);
  Batch absent;
  absent.expect("c", {}).put("b", to_bytes("z"));
  co_await check_throws(Code::conflict, records.commit(absent));
  DRAWBRIDGE_CHECK(co_await text(records, "b") == "y");
}

Task<> state_before(Records& records) {
  co_await put(records, "a", "one");
  Batch batch;  // the expectation is written behind the change and still sees what was before it
  batch.put("a", to_bytes("two")).expect("a", to_bytes("one"));
  co_await records.commit(batch);
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "two");
  Batch wrong;
  wrong.put("a", to_bytes("three")).expect("a", to_bytes("three"));
  co_await check_throws(Code::conflict, records.commit(wrong));
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "two");
}

Task<> conflict_leaves_no_trace(Records& records) {
  co_await put(records, "a", "one");
  co_await put(records, "gone?", "no");
  Batch batch;
  batch.expect_absent("z").expect("a", to_bytes("other"));
  batch.put("a", to_bytes("two")).put("b", to_bytes("new")).erase("gone?");
  co_await check_throws(Code::conflict, records.commit(std::move(batch)));
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "one");
  DRAWBRIDGE_CHECK(co_await keys(records, "", "", 10) == "a gone? ");
}

Task<> no_changes(Records& records) {
  co_await records.commit({});
  co_await put(records, "a", "one");
  Batch holds;
  holds.expect("a", to_bytes("one")).expect_absent("b");
  co_await records.commit(holds);
  Batch fails;
  fails.expect("a", to_bytes("one")).expect_absent("a");
  co_await check_throws(Code::conflict, records.commit(fails));
  DRAWBRIDGE_CHECK(co_await keys(records, "", "", 10) == "a ");
}

Task<> many_changes(Records& records) {
  Batch most;
  for (int i = 0; i < 65536; ++i) most.put("k" + std::to_string(i), to_bytes("v"));
  Batch more = most;
  more.put("one too many", to_bytes("v"));
  co_await check_throws(Code::too_large, records.commit(std::move(more)));
  DRAWBRIDGE_CHECK(co_await keys(records, "", "", 1) == "");
  co_await records.commit(std::move(most));
  DRAWBRIDGE_CHECK((co_await all_pages(records, "k", Records::max_page)).size() == 65536);
}

}  // namespace

void add_batch_cases(Suite<Records>& suite) {
  suite.push_back({"BatchChangesSeveralKeys", several_keys});
  suite.push_back({"LastChangeOfAKeyWins", last_change_wins});
  suite.push_back({"ExpectedValue", expect_value});
  suite.push_back({"ExpectedAbsence", expect_absence});
  suite.push_back({"EmptyValueIsExpectedAsPresent", empty_value_is_present});
  suite.push_back({"PreconditionsSeeTheStateBefore", state_before});
  suite.push_back({"ConflictLeavesNoTrace", conflict_leaves_no_trace});
  suite.push_back({"BatchWithoutChanges", no_changes});
  suite.push_back({"ManyChangesAreBounded", many_changes});
}

}  // namespace drawbridge::testkit
