// Lists: order and pages.
#include <algorithm>

#include "blobs_cases.h"

namespace drawbridge::testkit {
namespace {

Task<> order(Blobs& blobs) {
  std::vector<std::string> ids = {"b", "a", "a.", "a-", "a:", "a_", "aa", "a0", "0", "_", "z9", "ab"};
  for (std::size_t i = 0; i < ids.size(); ++i) co_await store(blobs, ids[i], content(i, i * 12'000));
  const auto found = co_await all_blobs(blobs, 100);
  DRAWBRIDGE_CHECK(found.size() == ids.size());
  for (const auto& blob : found) {
    const auto at = std::ranges::find(ids, blob.id);
    DRAWBRIDGE_CHECK(at != ids.end());
    DRAWBRIDGE_CHECK(blob.size == static_cast<std::size_t>(at - ids.begin()) * 12'000);
  }
}

Task<> paging(Blobs& blobs) {
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) co_await store(blobs, "n" + std::to_string(i), content(i, i % 10));
  for (const std::size_t limit : {1, 7, 60, 61}) {
    DRAWBRIDGE_CHECK((co_await all_blobs(blobs, limit)).size() == count);
  }
  const auto exact = co_await blobs.list("", count);
  DRAWBRIDGE_CHECK(exact.blobs.size() == count && !exact.more);
  const auto shorter = co_await blobs.list("", count - 1);
  DRAWBRIDGE_CHECK(shorter.blobs.size() == count - 1 && shorter.more);
}

Task<> after(Blobs& blobs) {
  for (const char* id : {"a", "c", "e"}) co_await store(blobs, id, content(1, 5));
  const auto behind_a = co_await blobs.list("a", 10);
  DRAWBRIDGE_CHECK(behind_a.blobs.size() == 2 && behind_a.blobs.front().id == "c");
  const auto behind_b = co_await blobs.list("b", 10);  // it need not exist
  DRAWBRIDGE_CHECK(behind_b.blobs.size() == 2 && behind_b.blobs.front().id == "c");
  const auto behind_all = co_await blobs.list("e", 10);
  DRAWBRIDGE_CHECK(behind_all.blobs.empty() && !behind_all.more);
}

Task<> limits(Blobs& blobs) {
  co_await check_throws(Code::invalid, blobs.list("", 0));
  co_await check_throws(Code::invalid, blobs.list("", Blobs::max_page + 1));
  const auto page = co_await blobs.list("", Blobs::max_page);
  DRAWBRIDGE_CHECK(page.blobs.empty());
}

}  // namespace

void add_blob_list_cases(Suite<Blobs>& suite) {
  suite.push_back({"ListIsInOrder", order});
  suite.push_back({"PagesVisitEveryBlobOnce", paging});
  suite.push_back({"ListAfterIsExclusive", after});
  suite.push_back({"ListLimitsAreChecked", limits});
}

}  // namespace drawbridge::testkit
