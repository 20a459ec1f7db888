// What a storage hands to the one that replaces it in a reload.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engines.h"

namespace drawbridge::storage_test {
namespace {

std::string yaml(const std::string& plugin, const std::string& options) {
  return "node: {name: test}\nstorage:\n  main: {plugin: " + plugin + options + "}\n";
}

class StorageReload : public testing::Test {
 protected:
  void start(const std::string& plugin, const std::string& options) {
    plugin_ = plugin;
    node_ = support::start_node(yaml(plugin, options));
  }
  /// The storage afterwards.
  Storage reload(const std::string& options) {
    EXPECT_EQ(node_->reload(yaml(plugin_, options)).replaced.size(), 1U);
    return Storage(*node_);
  }
  std::string at(const std::string& folder) const { return ", path: " + (dir_ / folder).string(); }

  support::TempDir dir_;
  std::string plugin_;
  std::unique_ptr<kernel::Node> node_;
};

TEST_F(StorageReload, MemoryKeepsItsContentUnderAnotherBound) {
  start("storage.memory", ", max_bytes: 2MiB");
  Storage first(*node_);
  first.put("a", Bytes(900'000));
  first.store("blob", Bytes(900'000));
  auto second = reload(", max_bytes: 4MiB");
  EXPECT_EQ(second.get("a").size(), 900'000U);
  first.put("c", "written through the old one");
  EXPECT_EQ(second.get("c"), "written through the old one");
  second.put("b", Bytes(1'500'000));
  auto third = reload(", max_bytes: 1MiB");
  EXPECT_EQ(error_of([&] { third.put("d", "x"); }).code(), Code::too_large);
  EXPECT_TRUE(third.load("blob"));
  third.erase("b");
  EXPECT_TRUE(third.erase_blob("blob"));
  third.put("d", "x");
}

class EngineReload : public StorageReload, public testing::WithParamInterface<EngineKind> {};
DRAWBRIDGE_EACH_ENGINE(EngineReload);

TEST_P(EngineReload, TakesOtherOptionsWithoutBeingOpenedAgain) {
  start(GetParam().plugin, at("db"));
  const auto large = noise(300'000);
  {
    Storage first(*node_);
    first.put("a", "1");
    first.store("blob", large);
    EXPECT_EQ(error_of([&] {
                first.put("big", Bytes(16'000'000));
                first.put("", "x");
              }).code(),
              Code::invalid);
  }
  auto second = reload(at("db") + ", " + GetParam().other + ", max_blob_bytes: 1MiB, blob_inline_max: 0, sync: false");
  EXPECT_EQ(second.get("a"), "1");
  EXPECT_TRUE(second.load("blob") == large);
  second.put("b", "2");
  // The bounds follow when the old one has stopped.
  const auto refused = [&] {
    try {
      second.store("beyond", Bytes(2'000'000));
    } catch (const Error& error) {
      return error.code() == Code::too_large;
    }
    second.erase_blob("beyond");
    return false;
  };
  while (!refused()) std::this_thread::yield();
  node_.reset();
  node_ = support::start_node(yaml(GetParam().plugin, at("db")));
  Storage again(*node_);
  EXPECT_EQ(again.get("b"), "2");
}

TEST_P(EngineReload, AnotherPathIsAnotherDatabase) {
  start(GetParam().plugin, at("one"));
  Storage(*node_).put("a", "1");
  auto second = reload(at("two"));
  EXPECT_EQ(second.get("a"), "(absent)");
  // The first one is closed by now or soon; its folder can be had again.
  for (bool done = false; !done;) {
    try {
      auto third = reload(at("one"));
      EXPECT_EQ(third.get("a"), "1");
      done = true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::unavailable) << error.what();
      EXPECT_EQ(Storage(*node_).get("a"), "(absent)") << "a reload that fails changes nothing";
    }
  }
}

TEST_P(EngineReload, AFailedReloadLeavesTheDatabaseOpen) {
  start(GetParam().plugin, at("db"));
  Storage storage(*node_);
  storage.put("a", "1");
  const auto bad = yaml(GetParam().plugin, at("db") + ", " + GetParam().other + ", max_blob_bytes: 1MiB") +
                   "  other: {plugin: " + GetParam().plugin + at("db") + "}\n";
  const auto error = error_of([&] { node_->reload(bad); });
  EXPECT_NE(std::string(error.what()).find("component 'other'"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("is in use"), std::string::npos) << error.what();
  storage.put("b", "2");
  EXPECT_EQ(storage.get("a"), "1");
  storage.store("blob", Bytes(2'000'000));
  EXPECT_EQ(node_->reload(yaml(GetParam().plugin, at("db"))).kept.size(), 1U);
}

TEST_P(EngineReload, RenamedIsRefusedByItsLock) {
  start(GetParam().plugin, at("db"));
  const auto renamed = "node: {name: test}\nstorage:\n  other: {plugin: " + GetParam().plugin + at("db") + "}\n";
  const auto error = error_of([&] { node_->reload(renamed); });
  EXPECT_NE(std::string(error.what()).find("is in use by another component of this process"), std::string::npos)
      << error.what();
  Storage(*node_).put("a", "1");
}

TEST_P(EngineReload, WritersUnderLoadLoseNothing) {
  start(GetParam().plugin, at("db"));
  std::atomic<bool> over{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  std::vector<int> written(3);
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !over; ++i) {
        try {
          Storage storage(*node_);
          storage.put(std::to_string(w) + "/" + std::to_string(i), std::to_string(i));
          written[static_cast<std::size_t>(w)] = i + 1;
        } catch (const Error& error) {
          ++failures;
          ADD_FAILURE() << error.what();
        }
      }
    });
  }
  for (int i = 0; i < 20; ++i) reload(at("db") + (i % 2 ? "" : ", " + GetParam().other));
  over = true;
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  Storage storage(*node_);
  for (int w = 0; w < 3; ++w) {
    for (int i = 0; i < written[static_cast<std::size_t>(w)]; ++i) {
      ASSERT_EQ(storage.get(std::to_string(w) + "/" + std::to_string(i)), std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace drawbridge::storage_test
