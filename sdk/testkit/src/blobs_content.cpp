// What is written is what is read, whole and in ranges.
#include <algorithm>

#include "blobs_cases.h"

namespace drawbridge::testkit {
namespace {

Task<> absent(Blobs& blobs) {
  DRAWBRIDGE_CHECK(!(co_await blobs.stat("sha256:00")));
  co_await check_throws(Code::not_found, range(blobs, "sha256:00", 0, 10));
  co_await check_throws(Code::not_found, range(blobs, "sha256:00", 0, 0));
  DRAWBRIDGE_CHECK(!(co_await blobs.erase("sha256:00")));
  const auto page = co_await blobs.list("", 10);
  DRAWBRIDGE_CHECK(page.blobs.empty());
  DRAWBRIDGE_CHECK(!page.more);
}

// Around what implementations like to treat differently: nothing, one byte, 64 KiB, several megabytes.
constexpr std::size_t sizes[] = {0, 1, 64_KiB - 1, 64_KiB, 64_KiB + 1, 1_MiB, 5_MiB, 5_MiB + 3};

Task<> round_trips(Blobs& blobs) {
  for (const auto size : sizes) {
    const std::string id = "size-" + std::to_string(size);
    const auto bytes = content(size, size);
    co_await store(blobs, id, bytes);
    DRAWBRIDGE_CHECK(co_await load(blobs, id) == bytes);
  }
  for (const auto size : sizes) {
    DRAWBRIDGE_CHECK(co_await load(blobs, "size-" + std::to_string(size)) == content(size, size));
  }
}

Task<> pieces(Blobs& blobs) {
  const auto bytes = content(7, 300'007);
  for (const std::size_t piece : {211, 4096, 65'536, 65'537, 300'000, 300'007}) {
    const std::string id = "piece-" + std::to_string(piece);
    co_await store(blobs, id, bytes, piece);
    DRAWBRIDGE_CHECK(co_await load(blobs, id, 100'000) == bytes);
  }
}

Task<> empty_writes(Blobs& blobs) {
  const auto bytes = content(8, 70'000);
  const auto writer = co_await blobs.create();
  co_await writer->write({});
  co_await writer->write(bytes);
  co_await writer->write({});
  co_await writer->commit("empty-writes");
  DRAWBRIDGE_CHECK(co_await load(blobs, "empty-writes") == bytes);
}

Task<> ranges(Blobs& blobs) {
  for (const std::size_t size : {1'000, 200'000, 3'000'000}) {
    const std::string id = "ranges-" + std::to_string(size);
    const auto bytes = content(size, size);
    co_await store(blobs, id, bytes);
    for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, size / 3, size - 1}) {
      for (const std::size_t length : {std::size_t{1}, std::size_t{100}, size / 2, size, size + 1}) {
        const auto wanted = BytesView(bytes).subspan(offset, std::min(length, size - offset));
        DRAWBRIDGE_CHECK(co_await range(blobs, id, offset, length) == to_bytes(wanted));
      }
    }
  }
}

Task<> behind_the_end(Blobs& blobs) {
  for (const std::size_t size : {0, 10, 100'000}) {
    const std::string id = "end-" + std::to_string(size);
    co_await store(blobs, id, content(1, size));
    for (const std::uint64_t beyond :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0} - size}) {
      const auto part = co_await range(blobs, id, size + beyond, 10);
      DRAWBRIDGE_CHECK(part.empty());
    }
    const auto none = co_await range(blobs, id, 0, 0);
    DRAWBRIDGE_CHECK(none.empty());
  }
}

}  // namespace

void add_blob_content_cases(Suite<Blobs>& suite) {
  suite.push_back({"AbsentBlob", absent});
  suite.push_back({"RoundTripOfManySizes", round_trips});
  suite.push_back({"PiecesMakeOneBlob", pieces});
  suite.push_back({"EmptyWritesChangeNothing", empty_writes});
  suite.push_back({"Ranges", ranges});
  suite.push_back({"BehindTheEndIsNothing", behind_the_end});
}

}  // namespace drawbridge::testkit
