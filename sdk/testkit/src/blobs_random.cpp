// Some hundred random steps beside a std::map that does the same.
#include <algorithm>
#include <map>
#include <random>

#include "blobs_cases.h"

namespace drawbridge::testkit {
namespace {

constexpr int steps = 600;

class BlobsModel {
 public:
  BlobsModel(Blobs& blobs, std::uint64_t seed) : blobs_(blobs), random_(seed) {}

  Task<> step() {
    const auto choice = below(100);
    if (choice < 30) return add();
    if (choice < 45) return erase();
    if (choice < 85) return read();
    return list();
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string id() { return "b" + std::to_string(below(20)); }

  Task<> add() {
    const auto name = id();
    // Often around the sizes that implementations treat differently.
    const std::size_t bound = below(10) == 0 ? 1'000'000 : below(2) == 0 ? 1'000 : 130'000;
    const auto bytes = content(random_(), below(bound));
    co_await store(blobs_, name, bytes, 1 + below(200'000));
    model_.emplace(name, bytes);  // keeps what is there
  }

  Task<> erase() {
    const auto name = id();
    const bool was_there = co_await blobs_.erase(name);
    DRAWBRIDGE_CHECK(was_there == (model_.erase(name) == 1));
  }

  Task<> read() {
    const auto name = id();
    const auto found = model_.find(name);
    const auto info = co_await blobs_.stat(name);
    DRAWBRIDGE_CHECK(info.has_value() == (found != model_.end()));
    if (!info) {
      co_await check_throws(Code::not_found, range(blobs_, name, 0, 1));
      co_return;
    }
    const auto& bytes = found->second;
    DRAWBRIDGE_CHECK(info->size == bytes.size());
    const auto offset = below(bytes.size() + 2);
    const auto length = below(bytes.size() + 2);
    const auto rest = BytesView(bytes).subspan(std::min(offset, bytes.size()));
    DRAWBRIDGE_CHECK(co_await range(blobs_, name, offset, length) ==
                     to_bytes(rest.first(std::min(length, rest.size()))));
  }

  Task<> list() {
    const auto found = co_await all_blobs(blobs_, 1 + below(25));
    DRAWBRIDGE_CHECK(found.size() == model_.size());
    auto at = model_.begin();
    for (const auto& blob : found) {
      DRAWBRIDGE_CHECK(blob.id == at->first);
      DRAWBRIDGE_CHECK(blob.size == at->second.size());
      ++at;
    }
  }

  Blobs& blobs_;
  std::mt19937_64 random_;
  std::map<std::string, Bytes> model_;
};

Task<> random_steps(Blobs& blobs, std::uint64_t seed) {
  BlobsModel model(blobs, seed);
  for (int i = 0; i < steps; ++i) {
    std::string failed;
    try {
      co_await model.step();
    } catch (const std::exception& error) {
      failed = error.what();
    }
    check(failed.empty(), "seed " + std::to_string(seed) + ", step " + std::to_string(i) + ": " + failed);
  }
}

}  // namespace

void add_random_blob_case(Suite<Blobs>& suite, std::uint64_t seed) {
  suite.push_back({"RandomStepsAgreeWithAModel", [seed](Blobs& blobs) { return random_steps(blobs, seed); }});
}

}  // namespace drawbridge::testkit
