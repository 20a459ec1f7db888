// One record at a time: what is there, what is not, and what a key may be.
#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

Task<> absent(Records& records) {
  DRAWBRIDGE_CHECK(!(co_await records.get("nothing")));
  const auto page = co_await records.scan("", "", 10);
  DRAWBRIDGE_CHECK(page.records.empty());
  DRAWBRIDGE_CHECK(!page.more);
}

Task<> round_trip(Records& records) {
  co_await put(records, "a", "one");
  co_await put(records, "b", "two");
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "one");
  DRAWBRIDGE_CHECK(co_await text(records, "b") == "two");
  DRAWBRIDGE_CHECK(co_await text(records, "ab") == "(absent)");
}

Task<> empty_value(Records& records) {
  co_await put(records, "empty", "");
  const auto value = co_await records.get("empty");
  DRAWBRIDGE_CHECK(value.has_value());
  DRAWBRIDGE_CHECK(value->empty());
}

Task<> overwrite(Records& records) {
  co_await put(records, "a", "a rather long value");
  co_await put(records, "a", "short");
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "short");
  const auto page = co_await records.scan("", "", 10);
  DRAWBRIDGE_CHECK(page.records.size() == 1);
}

Task<> erasing(Records& records) {
  co_await put(records, "a", "one");
  co_await erase(records, "a");
  DRAWBRIDGE_CHECK(!(co_await records.get("a")));
  co_await erase(records, "a");  // what is absent already is no error
  co_await put(records, "a", "again");
  DRAWBRIDGE_CHECK(co_await text(records, "a") == "again");
}

Task<> binary(Records& records) {
  Bytes value;
  for (int i = 0; i < 256; ++i) value.push_back(static_cast<std::uint8_t>(i));
  const Key key("\0\xff\0 \n", 5);
  const Key shorter("\0\xff\0", 3);
  co_await put(records, key, value);
  DRAWBRIDGE_CHECK(co_await records.get(key) == value);
  DRAWBRIDGE_CHECK(!(co_await records.get(shorter)));
}

Task<> key_bounds(Records& records) {
  const Key longest(Records::max_key_bytes, 'k');
  const Key longer = longest + "k";
  co_await put(records, longest, "fits");
  DRAWBRIDGE_CHECK(co_await text(records, longest) == "fits");
  co_await check_throws(Code::invalid, put(records, "", "x"));
  co_await check_throws(Code::invalid, put(records, longer, "x"));
  co_await check_throws(Code::invalid, erase(records, ""));
  Batch batch;
  batch.put("fine", to_bytes("x")).expect_absent(longer);
  co_await check_throws(Code::invalid, records.commit(batch));
  DRAWBRIDGE_CHECK(!(co_await records.get("fine")));
}

Task<> impossible_keys(Records& records) {
  co_await put(records, "a", "one");
  DRAWBRIDGE_CHECK(!(co_await records.get("")));
  const Key longer(Records::max_key_bytes + 1, 'a');
  DRAWBRIDGE_CHECK(!(co_await records.get(longer)));
  const auto page = co_await records.scan(longer, "", 10);
  DRAWBRIDGE_CHECK(page.records.empty());
  const auto rest = co_await records.scan("", longer, 10);
  DRAWBRIDGE_CHECK(rest.records.empty());
}

Task<> large_values(Records& records) {
  Bytes large(Records::max_value_bytes);
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<std::uint8_t>(i >> 8);
  co_await put(records, "large", large);
  DRAWBRIDGE_CHECK(co_await records.get("large") == large);
  large.push_back(1);
  Batch batch;
  batch.put("before", to_bytes("x")).put("larger", std::move(large));
  co_await check_throws(Code::too_large, records.commit(std::move(batch)));
  DRAWBRIDGE_CHECK(!(co_await records.get("larger")));
  DRAWBRIDGE_CHECK(!(co_await records.get("before")));
}

}  // namespace

Task<> put(Records& records, Key key, Bytes value) {
  Batch batch;
  batch.put(std::move(key), std::move(value));
  co_await records.commit(std::move(batch));
}

Task<> erase(Records& records, Key key) {
  Batch batch;
  batch.erase(std::move(key));
  co_await records.commit(std::move(batch));
}

Task<std::string> text(Records& records, Key key, std::string otherwise) {
  const auto value = co_await records.get(std::move(key));
  co_return value ? to_text(*value) : otherwise;
}

void add_single_record_cases(Suite<Records>& suite) {
  suite.push_back({"AbsentKeyIsNothing", absent});
  suite.push_back({"PutThenGet", round_trip});
  suite.push_back({"EmptyValueIsNotAbsence", empty_value});
  suite.push_back({"OverwriteReplaces", overwrite});
  suite.push_back({"EraseRemoves", erasing});
  suite.push_back({"KeysAndValuesAreBinary", binary});
  suite.push_back({"KeyBoundsAreChecked", key_bounds});
  suite.push_back({"ImpossibleKeysAreAbsent", impossible_keys});
  suite.push_back({"LargeValues", large_values});
}

}  // namespace drawbridge::testkit
