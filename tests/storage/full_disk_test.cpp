// A full disk: what does not fit is refused with what to do, what was acknowledged stays, and writing goes on when
// there is room.
#include <gtest/gtest.h>

#include <map>

#include "engines.h"
#include "process.h"

namespace drawbridge::storage_test {
namespace {

/// What the helper tells, by the first word of each line; the last line of a word wins.
std::map<std::string, std::string> run(const std::string& plugin, const std::string& how, const std::string& disk) {
  const support::TempDir folder;
  Child child({"full", plugin, folder.string(), how, disk});
  std::map<std::string, std::string> told;
  std::string line;
  while (child.read_line(line)) {
    const auto space = line.find(' ');
    const auto word = line.substr(0, space);
    if (word == "health" && !told.contains("first-health")) told["first-health"] = line.substr(space + 1);
    told[word] = line.substr(space + 1);
  }
  EXPECT_EQ(child.wait(), 0) << told["failed"];
  std::printf("a %s disk, %s\n", told["disk"].c_str(), how.c_str());
  return told;
}

void check_common(std::map<std::string, std::string>& told) {
  EXPECT_EQ(told["first-blob"], "");
  EXPECT_TRUE(told["first-health"].starts_with("degraded ")) << told["first-health"];
  EXPECT_EQ(told["intact"], "yes");
  EXPECT_TRUE(told["blob-error"].starts_with("unavailable: storage 'main': ")) << told["blob-error"];
  EXPECT_EQ(told["blob-visible"], "no");
  EXPECT_EQ(told["goes-on"], "yes");
  EXPECT_EQ(told["second-blob"], "");
  EXPECT_EQ(told["health"], "ok ");
  EXPECT_EQ(told["intact-after"], "yes");
  EXPECT_EQ(told["intact-reopened"], "yes");
}

/// Full in earnest, or, where no disk of its own is allowed, as good as that.
void check_full(std::map<std::string, std::string>& told) {
  if (told["disk"] == "tmpfs") {
    EXPECT_TRUE(told["error"].starts_with("unavailable: storage 'main': write: disk full (free space on "))
        << told["error"];
    EXPECT_TRUE(told["blob-error"].starts_with("unavailable: storage 'main': write a blob: disk full (free space on "))
        << told["blob-error"];
  } else {
    EXPECT_TRUE(told["error"].starts_with("unavailable: storage 'main': write: ")) << told["error"];
  }
}

class EngineFullDisk : public EngineTest {};
DRAWBRIDGE_EACH_ENGINE(EngineFullDisk);

TEST_P(EngineFullDisk, GoesOnWhenThereIsRoom) {
  auto told = run(GetParam().plugin, "resume", "mount");
  check_full(told);
  check_common(told);
}

TEST_P(EngineFullDisk, RestartsOnAFullDisk) {
  auto told = run(GetParam().plugin, "restart", "mount");
  check_full(told);
  check_common(told);
  // Whether a full disk has room for the few bytes that opening needs is not said; that nothing is lost is.
  EXPECT_TRUE(told["restarted-full"] == "intact" || told["restarted-full"].starts_with("unavailable: "))
      << told["restarted-full"];
}

TEST_P(EngineFullDisk, FilesThatMayNotGrow) {
  auto told = run(GetParam().plugin, "restart", "limit");
  check_full(told);
  check_common(told);
}

}  // namespace
}  // namespace drawbridge::storage_test
