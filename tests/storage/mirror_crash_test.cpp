// A mirror that is killed again and again in the middle of outages and of catching up: nothing that was acknowledged is
// lost, and both storages are alike in the end.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "child_mirror.h"
#include "layers.h"
#include "process.h"
#include "traffic.h"

namespace drawbridge::storage_test {
namespace {

class MirrorCrash : public testing::Test {
 protected:
  /// Reads so many acknowledgements, or all that are left.
  void read(Child& child, int count) {
    std::string line;
    for (int i = 0; i < count && child.read_line(line); ++i) {
      int writer = 0;
      unsigned step = 0;
      if (std::sscanf(line.c_str(), "put %d %u", &writer, &step) == 2) {
        acknowledged_[writer].push_back(step);
      } else {
        ADD_FAILURE() << line;
      }
    }
  }

  support::TempDir folder_;
  std::map<int, std::vector<unsigned>> acknowledged_;
};

TEST_F(MirrorCrash, KilledInTheMiddleOfCatchingUp) {
  constexpr int rounds = 6, all = 1'000'000;
  int behind = 0;
  for (int round = 0; round < rounds; ++round) {
    // Three times the same one: while that one is behind, the other may not go.
    const Switch out(folder_ / (round / 3 % 2 == 0 ? "b.out" : "a.out"));
    {
      Child child({"mirror", folder_.string()});
      read(child, 100);
      out.on();
      read(child, 400);
      out.off();
      read(child, 20 + round * 10);
      child.kill();
      read(child, all);
    }
    // Looked at without the delay: was it killed while one was behind?
    auto node = support::start_node(mirror_yaml(folder_.string(), "0ms"));
    behind += health_of(*node, "main").state == Health::State::degraded ? 1 : 0;
    if (round % 3 != 2) continue;  // the next round finds whatever is left
    wait_for(*node, "main", Health::State::ok);
    EXPECT_TRUE(content_of(*node, "a") == content_of(*node, "b")) << "round " << round;
  }
  const auto node = support::start_node(mirror_yaml(folder_.string(), "0ms"));
  wait_for(*node, "main", Health::State::ok);
  const auto content = content_of(*node, "main");
  EXPECT_TRUE(content_of(*node, "a") == content);
  EXPECT_TRUE(content_of(*node, "b") == content);
  std::size_t count = 0;
  for (const auto& [writer, steps] : acknowledged_) {
    for (const auto step : steps) {
      const auto found = content.find("r" + step_key(writer, step, 0));
      ASSERT_TRUE(found != content.end()) << "writer " << writer << " step " << step << " is lost";
      EXPECT_TRUE(found->second == step_value(writer, step));
      ++count;
    }
  }
  std::printf("%zu acknowledged writes, %d of %d kills while one storage was behind\n", count, behind, rounds);
  EXPECT_GT(behind, 0);
}

}  // namespace
}  // namespace drawbridge::storage_test
