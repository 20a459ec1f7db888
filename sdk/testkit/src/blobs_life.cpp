// When a blob begins and ceases to be.
#include "blobs_cases.h"

namespace drawbridge::testkit {
namespace {

constexpr std::size_t sizes[] = {0, 1000, 64_KiB + 1, 2_MiB};

Task<> check_nothing_there(Blobs& blobs) {
  const auto page = co_await blobs.list("", 10);
  DRAWBRIDGE_CHECK(page.blobs.empty());
}

Task<> abandoned(Blobs& blobs) {
  for (const auto size : sizes) {
    const auto bytes = content(size, size);
    {
      const auto writer = co_await blobs.create();
      co_await writer->write(bytes);
    }
    co_await check_nothing_there(blobs);
  }
  co_await store(blobs, "later", content(1, 100'000));
  DRAWBRIDGE_CHECK(co_await load(blobs, "later") == content(1, 100'000));
}

Task<> uncommitted(Blobs& blobs) {
  for (const auto size : sizes) {
    const auto bytes = content(size, size);
    const auto writer = co_await blobs.create();
    co_await writer->write(bytes);
    co_await check_nothing_there(blobs);
    DRAWBRIDGE_CHECK(!(co_await blobs.stat("x")));
    co_await writer->commit("x");
    DRAWBRIDGE_CHECK(co_await load(blobs, "x") == bytes);
    DRAWBRIDGE_CHECK(co_await blobs.erase("x"));
  }
}

Task<> existing_id(Blobs& blobs) {
  // Different bytes under one id do not happen in earnest; here they tell which ones were kept.
  int number = 0;
  for (const auto first : sizes) {
    for (const auto second : sizes) {
      const std::string id = "twice-" + std::to_string(number++);
      co_await store(blobs, id, content(1, first));
      co_await store(blobs, id, content(2, second));
      DRAWBRIDGE_CHECK(co_await load(blobs, id) == content(1, first));
    }
  }
}

Task<> erasing(Blobs& blobs) {
  for (const auto size : sizes) {
    co_await store(blobs, "x", content(1, size));
    co_await store(blobs, "y", content(2, size));
    DRAWBRIDGE_CHECK(co_await blobs.erase("x"));
    DRAWBRIDGE_CHECK(!(co_await blobs.stat("x")));
    co_await check_throws(Code::not_found, range(blobs, "x", 0, 1));
    DRAWBRIDGE_CHECK(!(co_await blobs.erase("x")));
    DRAWBRIDGE_CHECK(co_await load(blobs, "y") == content(2, size));
    DRAWBRIDGE_CHECK(co_await blobs.erase("y"));
  }
  co_await check_nothing_there(blobs);
}

Task<> again(Blobs& blobs) {
  for (const auto first : sizes) {
    for (const auto second : sizes) {
      co_await store(blobs, "x", content(1, first));
      DRAWBRIDGE_CHECK(co_await load(blobs, "x") == content(1, first));
      DRAWBRIDGE_CHECK(co_await blobs.erase("x"));
      co_await store(blobs, "x", content(2, second));
      DRAWBRIDGE_CHECK(co_await load(blobs, "x") == content(2, second));
      DRAWBRIDGE_CHECK(co_await blobs.erase("x"));
    }
  }
}

Task<> invalid_ids(Blobs& blobs) {
  const std::string long_id(129, 'a');
  const std::vector<std::string> ids = {"",  ".",   "..",  ".hidden", "a/b",   "../a",
                                        "A", "a b", "a\n", "é",       long_id, std::string("a\0b", 3)};
  for (const auto& id : ids) {
    for (const std::size_t size : {10, 100'000}) {
      const auto bytes = content(1, size);
      const auto writer = co_await blobs.create();
      co_await writer->write(bytes);
      co_await check_throws(Code::invalid, writer->commit(id));
    }
    DRAWBRIDGE_CHECK(!(co_await blobs.stat(id)));
    DRAWBRIDGE_CHECK(!(co_await blobs.erase(id)));
    co_await check_throws(Code::not_found, range(blobs, id, 0, 1));
  }
  co_await check_nothing_there(blobs);
}

Task<> strange_ids(Blobs& blobs) {
  const std::string long_id(128, 'a');
  const std::vector<std::string> ids = {
      "-", "_", ":", "0", "a..b", "sha256:00ff", "abcdefghijklmnopqrstuvwxyz0123456789:-_.", long_id};
  for (const auto& id : ids) {
    for (const std::size_t size : {10, 100'000}) {
      co_await store(blobs, id, content(size, size));
      DRAWBRIDGE_CHECK(co_await load(blobs, id) == content(size, size));
      DRAWBRIDGE_CHECK(co_await blobs.erase(id));
    }
  }
}

}  // namespace

void add_blob_life_cases(Suite<Blobs>& suite) {
  suite.push_back({"AbandonedWriterLeavesNothing", abandoned});
  suite.push_back({"UncommittedIsInvisible", uncommitted});
  suite.push_back({"ExistingIdKeepsItsBytes", existing_id});
  suite.push_back({"EraseRemoves", erasing});
  suite.push_back({"ErasedIdCanComeAgain", again});
  suite.push_back({"InvalidIdsAreRefused", invalid_ids});
  suite.push_back({"EveryValidIdWorks", strange_ids});
}

}  // namespace drawbridge::testkit
