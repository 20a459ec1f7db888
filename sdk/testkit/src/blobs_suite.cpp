#include "drawbridge/testkit/blobs_suite.h"

#include <algorithm>

#include "blobs_cases.h"

namespace drawbridge::testkit {

Suite<Blobs> blobs_suite(std::uint64_t seed) {
  Suite<Blobs> suite;
  add_blob_content_cases(suite);
  add_blob_life_cases(suite);
  add_blob_list_cases(suite);
  add_concurrent_blob_cases(suite);
  add_random_blob_case(suite, seed);
  return suite;
}

Bytes content(std::uint64_t seed, std::size_t size) {
  Bytes out(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (auto& byte : out) {  // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::uint8_t>(state >> 32);
  }
  return out;
}

Task<> store(Blobs& blobs, std::string id, Bytes bytes, std::size_t piece) {
  const auto writer = co_await blobs.create();
  for (BytesView rest = bytes; !rest.empty();) {
    const auto part = rest.first(std::min(piece, rest.size()));
    co_await writer->write(part);
    rest = rest.subspan(part.size());
  }
  co_await writer->commit(std::move(id));
}

Task<Bytes> range(Blobs& blobs, std::string id, std::uint64_t offset, std::size_t size) {
  Bytes out(size);
  const auto got = co_await blobs.read(std::move(id), offset, out);
  DRAWBRIDGE_CHECK(got <= size);
  out.resize(got);
  co_return out;
}

Task<Bytes> load(Blobs& blobs, std::string id, std::size_t piece) {
  const auto info = co_await blobs.stat(id);
  DRAWBRIDGE_CHECK(info.has_value());
  DRAWBRIDGE_CHECK(info->id == id);
  Bytes out;
  bool end = false;
  while (!end) {
    const auto part = co_await range(blobs, id, out.size(), piece);
    append(out, BytesView(part));
    end = part.size() < piece;  // less than asked only at the end
  }
  DRAWBRIDGE_CHECK(out.size() == info->size);
  co_return out;
}

Task<std::vector<BlobInfo>> all_blobs(Blobs& blobs, std::size_t limit) {
  std::vector<BlobInfo> found;
  std::string after;
  bool more = true;
  while (more) {
    const auto page = co_await blobs.list(after, limit);
    DRAWBRIDGE_CHECK(page.blobs.size() <= limit);
    DRAWBRIDGE_CHECK(!page.more || !page.blobs.empty());
    for (const auto& blob : page.blobs) {
      DRAWBRIDGE_CHECK(blob.id > after);
      after = blob.id;
      found.push_back(blob);
    }
    more = page.more;
  }
  co_return found;
}

}  // namespace drawbridge::testkit
