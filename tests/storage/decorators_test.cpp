// What a caller sees of a storage that fails, is late, or returns damaged data.
#include <gtest/gtest.h>

#include <bit>
#include <chrono>

#include "layers.h"

namespace drawbridge::storage_test {
namespace {

std::unique_ptr<kernel::Node> over_memory(const std::string& id, const std::string& options) {
  return start_layers(component("below", "memory") +
                      component("main", id, "over: below" + (options.empty() ? "" : ", " + options)));
}

/// For each of so many reads, whether it failed.
std::string failures(kernel::Node& node, int reads) {
  const auto records = node.find<Records>("main");
  std::string out;
  for (int i = 0; i < reads; ++i) {
    try {
      node.wait(records->get("k"));
      out += '.';
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::busy);
      out += 'x';
    }
  }
  return out;
}

TEST(FaultyStorage, FailsEveryCallWithTheCode) {
  const auto node = over_memory("faulty", "per_million: 1000000, code: corrupt");
  Storage storage(*node);
  EXPECT_EQ(error_of([&] { storage.get("k"); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.put("k", "v"); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.store("b", Bytes(10)); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.load("b"); }).code(), Code::corrupt);
  EXPECT_EQ(error_of([&] { storage.erase_blob("b"); }).code(), Code::corrupt);
  EXPECT_STREQ(error_of([&] { storage.get("k"); }).what(), "storage 'main': injected fault");
  EXPECT_TRUE(content_of(*node, "below").empty()) << "before the effect";
}

TEST(FaultyStorage, RepeatsTheFaultsOfASeed) {
  const auto first = over_memory("faulty", "per_million: 300000, code: busy, seed: 5");
  const auto second = over_memory("faulty", "per_million: 300000, code: busy, seed: 5");
  const auto other = over_memory("faulty", "per_million: 300000, code: busy, seed: 6");
  const auto faults = failures(*first, 1000);
  EXPECT_EQ(failures(*second, 1000), faults);
  EXPECT_NE(failures(*other, 1000), faults);
  const auto count = std::count(faults.begin(), faults.end(), 'x');
  EXPECT_GT(count, 200);
  EXPECT_LT(count, 400);
}

TEST(FaultyStorage, FailsAfterTheEffect) {
  const auto node = over_memory("faulty", "per_million: 1000000, when: after, calls: writes");
  Storage storage(*node);
  EXPECT_EQ(error_of([&] { storage.put("k", "v"); }).code(), Code::unavailable);
  EXPECT_EQ(storage.get("k"), "v");
}

TEST(FaultyStorage, LeavesOtherCallsAlone) {
  const auto reads = over_memory("faulty", "per_million: 1000000, calls: reads");
  Storage storage(*reads);
  storage.put("k", "v");
  EXPECT_EQ(error_of([&] { storage.get("k"); }).code(), Code::unavailable);
}

TEST(FaultyStorage, IsSwitchedByAFile) {
  const support::TempDir folder;
  const Switch outage(folder / "outage");
  const auto node = over_memory("faulty", outage.outage());
  Storage storage(*node);
  storage.put("k", "v");
  outage.on();
  EXPECT_EQ(error_of([&] { storage.get("k"); }).code(), Code::unavailable);
  outage.off();
  EXPECT_EQ(storage.get("k"), "v");
}

TEST(SlowStorage, WaitsAtLeastTheDelay) {
  const auto node = over_memory("slow", "delay: 20ms, jitter: 5ms");
  Storage storage(*node);
  const auto begin = std::chrono::steady_clock::now();
  storage.put("k", "v");
  EXPECT_EQ(storage.get("k"), "v");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Milliseconds(39));
}

int different_bits(const Bytes& a, const Bytes& b) {
  EXPECT_EQ(a.size(), b.size());
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) bits += std::popcount(static_cast<unsigned>(a[i] ^ b[i]));
  return bits;
}

TEST(CorruptStorage, FlipsOneBitOfWhatIsRead) {
  const auto node = over_memory("corrupt", "per_million: 1000000");
  Storage storage(*node);
  const auto bytes = noise(5000);
  storage.put("k", bytes);
  storage.store("b", bytes);
  EXPECT_EQ(different_bits(*node->wait(storage.records->get("k")), bytes), 1);
  EXPECT_EQ(different_bits(node->wait(storage.records->scan("", "", 1)).records.at(0).value, bytes), 1);
  EXPECT_EQ(different_bits(*storage.load("b"), bytes), 1);
  const auto below = content_of(*node, "below");
  EXPECT_TRUE(below.at("rk") == bytes && below.at("bb") == bytes) << "what is stored stays";
}

TEST(CorruptStorage, SpoilsWhatIsChosen) {
  const auto node = over_memory("corrupt", "per_million: 1000000, what: blobs");
  Storage storage(*node);
  const auto bytes = noise(100);
  storage.put("k", bytes);
  storage.store("b", bytes);
  EXPECT_EQ(*node->wait(storage.records->get("k")), bytes);
  EXPECT_EQ(different_bits(*storage.load("b"), bytes), 1);
}

Task<> put_many(Records& records, int count, int& acknowledged) {
  for (int i = 0; i < count; ++i) {
    Batch batch;
    batch.put("k" + std::to_string(i), to_bytes("v"));
    try {
      co_await records.commit(std::move(batch));
      ++acknowledged;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::unavailable);
    }
  }
}

TEST(FaultyStorage, LosesNothingThatWasAcknowledged) {
  const auto node = over_memory("faulty", "per_million: 200000, when: either, calls: writes");
  Storage storage(*node);
  int acknowledged = 0;
  node->wait(put_many(*storage.records, 1000, acknowledged));
  EXPECT_GT(acknowledged, 600);
  EXPECT_LT(acknowledged, 1000);
  EXPECT_GE(content_of(*node, "below").size(), static_cast<std::size_t>(acknowledged));
}

TEST(Layers, CheckSeesWhatTheyAreOver) {
  for (const std::string id : {"faulty", "slow", "corrupt", "cache"}) {
    const auto error = error_of([&] { start_layers(component("main", id, "over: gone")); });
    EXPECT_NE(std::string(error.what()).find("`over`: no component is called `gone`"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace drawbridge::storage_test
