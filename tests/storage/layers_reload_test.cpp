// A cache and a mirror that are replaced in reloads while others read and write.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "layers.h"

namespace drawbridge::storage_test {
namespace {

class LayersReload : public testing::Test {
 protected:
  /// Reloads between the two configurations while writers of few keys are at work through whatever instance they got.
  void run(const std::string& one, const std::string& other) {
    const std::string head =
        "node: {name: test}\nstorage:\n  a: {plugin: storage.memory}\n" +
        std::string("  b: {plugin: storage.memory}\n  late: {plugin: storage.slow, over: a, jitter: 1ms}\n");
    node_ = support::start_node(head + one);
    std::atomic<bool> over = false;
    std::vector<std::thread> threads;
    for (int who = 0; who < 4; ++who) {
      threads.emplace_back([&, who] {
        for (int i = 0; !over; ++i) {
          Storage storage(*node_);  // the old one may be at hand for a while after the change
          for (int k = 0; k < 5; ++k) {
            const auto key = "k" + std::to_string((i + k) % 4);
            storage.put(key, std::to_string(who) + "." + std::to_string(i));
            storage.get(key);
          }
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(node_->reload(head + (i % 2 == 0 ? other : one)).replaced.size(), 1U);
    }
    over = true;
    for (auto& thread : threads) thread.join();
  }

  std::unique_ptr<kernel::Node> node_;
};

TEST_F(LayersReload, ACacheIsNeverBehindItsStorage) {
  run("  main: {plugin: storage.cache, over: late}\n",
      "  main: {plugin: storage.cache, over: late, max_bytes: 1MiB}\n");
  Storage storage(*node_);
  for (const auto& [name, value] : content_of(*node_, "a")) EXPECT_EQ(storage.get(name.substr(1)), to_text(value));
}

TEST_F(LayersReload, AMirrorsStoragesStayAlike) {
  run("  main: {plugin: storage.mirror, first: late, second: b}\n",
      "  main: {plugin: storage.mirror, first: late, second: b, retry: 20ms}\n");
  EXPECT_EQ(health_of(*node_, "main").state, Health::State::ok);
  const auto content = content_of(*node_, "a");
  EXPECT_EQ(content.size(), 4U);
  EXPECT_TRUE(content == content_of(*node_, "b"));
  EXPECT_TRUE(content == content_of(*node_, "main"));
}

}  // namespace
}  // namespace drawbridge::storage_test
