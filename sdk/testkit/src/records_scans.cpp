// Scans: order, prefixes and pages.
#include <algorithm>

#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

Task<> put_all(Records& records, std::vector<Key> keys) {
  Batch batch;
  for (auto& key : keys) {
    const auto value = to_bytes("value of " + key);
    batch.put(std::move(key), value);
  }
  co_await records.commit(std::move(batch));
}

Task<> order(Records& records) {
  // From the smallest: a longer key is greater than its own beginning, and bytes count as unsigned.
  const std::vector<Key> sorted = {Key("\0", 1),
                                   Key("\0\0", 2),
                                   Key("\0\xff", 2),
                                   "\x01",
                                   "a",
                                   Key("a\0", 2),
                                   "a\x01",
                                   "aa",
                                   "a\x7f",
                                   "a\x80",
                                   "b",
                                   "\x7f",
                                   "\x80",
                                   "\xff",
                                   Key("\xff\0", 2),
                                   "\xff\xff",
                                   Key("\xff\xff\0", 3)};
  std::vector<Key> shuffled = sorted;
  std::ranges::reverse(shuffled);
  std::swap(shuffled[2], shuffled[11]);
  co_await put_all(records, shuffled);
  const auto page = co_await records.scan("", "", 100);
  DRAWBRIDGE_CHECK(page.records.size() == sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    DRAWBRIDGE_CHECK(page.records[i].key == sorted[i]);
    DRAWBRIDGE_CHECK(to_text(page.records[i].value) == "value of " + sorted[i]);
  }
}

Task<> prefixes(Records& records) {
  const std::vector<Key> names = {"asset", "asset/", "asset/1", "asset/2", "asset0", "asses", "b"};
  co_await put_all(records, names);
  DRAWBRIDGE_CHECK(co_await keys(records, "asset/", "", 10) == "asset/ asset/1 asset/2 ");
  DRAWBRIDGE_CHECK(co_await keys(records, "asset", "", 10) == "asset asset/ asset/1 asset/2 asset0 ");
  DRAWBRIDGE_CHECK(co_await keys(records, "asset/3", "", 10) == "");
  DRAWBRIDGE_CHECK(co_await keys(records, "b", "", 10) == "b ");
  DRAWBRIDGE_CHECK(co_await keys(records, "c", "", 10) == "");
}

Task<> prefix_of_highest_bytes(Records& records) {
  const Key high = "\xff", higher = "\xff\xff", mixed = "a\xff", mixed_longer = "a\xff\xff";
  const std::vector<Key> names = {"a", mixed, mixed_longer, "b", high, higher, higher + "x"};
  co_await put_all(records, names);
  DRAWBRIDGE_CHECK(co_await keys(records, high, "", 10) == high + " " + higher + " " + higher + "x ");
  DRAWBRIDGE_CHECK(co_await keys(records, higher, "", 10) == higher + " " + higher + "x ");
  DRAWBRIDGE_CHECK(co_await keys(records, mixed, "", 10) == mixed + " " + mixed_longer + " ");
  DRAWBRIDGE_CHECK(co_await keys(records, higher, higher, 10) == higher + "x ");
}

Task<> after_is_exclusive(Records& records) {
  const std::vector<Key> names = {"a", "p/1", "p/2", Key("p/2\0", 4), "p/3", "q"};
  co_await put_all(records, names);
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "p/1", 10) == Key("p/2 p/2\0 p/3 ", 13));
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "p/2", 10) == Key("p/2\0 p/3 ", 9));
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "p/25", 10) == "p/3 ");  // it need not exist
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "a", 10) == Key("p/1 p/2 p/2\0 p/3 ", 17));
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "p/3", 10) == "");
  DRAWBRIDGE_CHECK(co_await keys(records, "p/", "q", 10) == "");
  DRAWBRIDGE_CHECK(co_await keys(records, "", "p/3", 10) == "q ");
}

Task<> more_flag(Records& records) {
  const std::vector<Key> names = {"p/1", "p/2", "p/3", "q"};
  co_await put_all(records, names);
  const auto two = co_await records.scan("p/", "", 2);
  DRAWBRIDGE_CHECK(two.records.size() == 2 && two.more);
  const auto three = co_await records.scan("p/", "", 3);
  DRAWBRIDGE_CHECK(three.records.size() == 3 && !three.more);  // "q" is behind it, and not of this prefix
  const auto last = co_await records.scan("p/", "p/2", 1);
  DRAWBRIDGE_CHECK(last.records.size() == 1 && !last.more);
  const auto all = co_await records.scan("", "", 4);
  DRAWBRIDGE_CHECK(all.records.size() == 4 && !all.more);
}

Task<> paging(Records& records) {
  std::vector<Key> names;
  for (int i = 0; i < 1000; ++i) names.push_back("n/" + std::to_string(i));
  const std::vector<Key> neighbours = {"m", "o"};
  co_await put_all(records, names);
  co_await put_all(records, neighbours);
  std::ranges::sort(names);
  for (const std::size_t limit : {1, 7, 100, 1000, 1001}) {
    const auto found = co_await all_pages(records, "n/", limit);
    DRAWBRIDGE_CHECK(found.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) DRAWBRIDGE_CHECK(found[i].key == names[i]);
  }
}

Task<> limits(Records& records) {
  const std::vector<Key> names = {"a", "b"};
  co_await put_all(records, names);
  co_await check_throws(Code::invalid, records.scan("", "", 0));
  co_await check_throws(Code::invalid, records.scan("", "", Records::max_page + 1));
  const auto page = co_await records.scan("", "", Records::max_page);
  DRAWBRIDGE_CHECK(page.records.size() == 2);
}

Task<> heavy_pages(Records& records) {
  for (const char* name : {"1", "2", "3", "4"}) {
    Bytes large(Records::max_value_bytes, static_cast<std::uint8_t>(name[0]));
    co_await put(records, name, std::move(large));
  }
  const auto page = co_await records.scan("", "", 100);
  DRAWBRIDGE_CHECK(page.more);
  DRAWBRIDGE_CHECK(!page.records.empty());
  const auto found = co_await all_pages(records, "", 100);
  DRAWBRIDGE_CHECK(found.size() == 4);
  DRAWBRIDGE_CHECK(found[3].value == Bytes(Records::max_value_bytes, '4'));
}

}  // namespace

Task<std::string> keys(Records& records, Key prefix, Key after, std::size_t limit) {
  const auto page = co_await records.scan(std::move(prefix), std::move(after), limit);
  std::string out;
  for (const auto& record : page.records) out += record.key + " ";
  co_return out;
}

Task<std::vector<Record>> all_pages(Records& records, Key prefix, std::size_t limit) {
  std::vector<Record> found;
  Key after;
  bool more = true;
  while (more) {
    auto page = co_await records.scan(prefix, after, limit);
    DRAWBRIDGE_CHECK(page.records.size() <= limit);
    DRAWBRIDGE_CHECK(!page.more || !page.records.empty());
    for (auto& record : page.records) {
      DRAWBRIDGE_CHECK(record.key.starts_with(prefix));
      DRAWBRIDGE_CHECK(record.key > after);
      after = record.key;
      found.push_back(std::move(record));
    }
    more = page.more;
  }
  co_return found;
}

void add_scan_cases(Suite<Records>& suite) {
  suite.push_back({"OrderIsBytewise", order});
  suite.push_back({"PrefixSelects", prefixes});
  suite.push_back({"PrefixOfHighestBytes", prefix_of_highest_bytes});
  suite.push_back({"AfterIsExclusive", after_is_exclusive});
  suite.push_back({"MoreTellsOfTheNextPage", more_flag});
  suite.push_back({"PagesVisitEverythingOnce", paging});
  suite.push_back({"PageLimitsAreChecked", limits});
  suite.push_back({"HeavyPagesEndEarly", heavy_pages});
}

}  // namespace drawbridge::testkit
