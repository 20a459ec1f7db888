// A node that is killed at any moment loses nothing that it acknowledged, and shows nothing by halves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "engines.h"
#include "process.h"
#include "traffic.h"

namespace drawbridge::storage_test {
namespace {

int kill_cycles() {
  const char* wanted = std::getenv("DRAWBRIDGE_KILL_CYCLES");
  return wanted ? std::max(1, std::atoi(wanted)) : 40;
}

/// What was acknowledged over all cycles.
struct Acknowledged {
  std::map<int, unsigned> heads;
  std::set<std::pair<int, unsigned>> blobs;
  std::set<std::pair<int, unsigned>> erased;
  std::size_t lines = 0;

  void add(const std::string& line) {
    std::istringstream in(line);
    std::string what;
    int writer = -1;
    unsigned step = 0;
    ASSERT_TRUE(in >> what >> writer >> step) << line;
    if (what == "batch") {
      heads[writer] = step;
    } else if (what == "blob") {
      blobs.emplace(writer, step);
    } else {
      ASSERT_EQ(what, "erased");
      erased.emplace(writer, step);
    }
    ++lines;
  }
};

/// Writes until some random moment, and takes what was acknowledged up to the last byte.
void write_and_kill(const std::string& plugin, const std::string& path, std::mt19937_64& random,
                    Acknowledged& acknowledged) {
  Child child({"write", plugin, path});
  std::string line;
  for (auto i = random() % 80; i > 0; --i) {
    ASSERT_TRUE(child.read_line(line));
    ASSERT_NO_FATAL_FAILURE(acknowledged.add(line));
  }
  ::usleep(static_cast<useconds_t>(random() % 4000));
  child.kill();
  while (child.read_line(line)) ASSERT_NO_FATAL_FAILURE(acknowledged.add(line));
  EXPECT_EQ(child.wait(), -1);
}

std::vector<Record> scan_all(Storage& storage, const std::string& prefix) {
  std::vector<Record> found;
  for (bool more = true; more;) {
    auto page = storage.node.wait(storage.records->scan(prefix, found.empty() ? "" : found.back().key, 4096));
    more = page.more;
    std::ranges::move(page.records, std::back_inserter(found));
  }
  return found;
}

/// Whole batches without a gap, up to a head that is not before the last acknowledged one. Returns the head.
unsigned check_batches(Storage& storage, int writer, unsigned acknowledged) {
  const auto head_text = storage.get(head_key(writer));
  const auto head = head_text == "(absent)" ? 0u : static_cast<unsigned>(std::stoul(head_text));
  EXPECT_GE(head, acknowledged) << "an acknowledged batch of writer " << writer << " is lost";
  const auto found = scan_all(storage, step_prefix(writer));
  EXPECT_EQ(found.size(), std::size_t{head} * keys_of_batch) << "a batch is not whole";
  if (found.size() != std::size_t{head} * keys_of_batch) return head;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto step = static_cast<unsigned>(i / keys_of_batch) + 1;
    EXPECT_EQ(found[i].key, step_key(writer, step, static_cast<int>(i % keys_of_batch)));
    EXPECT_TRUE(found[i].value == step_value(writer, step)) << found[i].key;
  }
  return head;
}

bool may_be_erased(unsigned step, unsigned head) {
  return erases_blob(step + 4) && head >= step + 4;
}

void check_blobs(Storage& storage, const Acknowledged& acknowledged, const std::map<int, unsigned>& heads) {
  for (const auto& [writer, step] : acknowledged.blobs) {
    const auto bytes = storage.load(blob_id(writer, step));
    if (acknowledged.erased.contains({writer, step})) {
      EXPECT_FALSE(bytes) << "an acknowledged erasure is lost";
    } else if (bytes) {
      EXPECT_TRUE(*bytes == blob_bytes(writer, step)) << blob_id(writer, step);
    } else {
      EXPECT_TRUE(may_be_erased(step, heads.at(writer))) << blob_id(writer, step) << " is lost";
    }
  }
}

/// Every blob of the index is whole, and no file is there without a blob.
void check_files(Storage& storage, const std::filesystem::path& path) {
  std::size_t large = 0;
  std::string after;
  for (bool more = true; more;) {
    const auto page = storage.node.wait(storage.blobs->list(after, 4096));
    more = page.more;
    for (const auto& blob : page.blobs) {
      const auto bytes = storage.load(after = blob.id);
      ASSERT_TRUE(bytes);
      EXPECT_EQ(bytes->size(), blob.size);
      if (blob.size > 64_KiB) ++large;
    }
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path / "blobs")) {
    if (entry.is_regular_file()) ++files;
  }
  EXPECT_EQ(files, large) << "leftovers of a crash were not removed";
}

class EngineCrash : public EngineTest {};
DRAWBRIDGE_EACH_ENGINE(EngineCrash);

TEST_P(EngineCrash, KillLosesNothingThatWasAcknowledged) {
  const support::TempDir folder;
  const int cycles = kill_cycles();
  std::mt19937_64 random(1);
  Acknowledged acknowledged;
  for (int cycle = 0; cycle < cycles && !HasFailure(); ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    ASSERT_NO_FATAL_FAILURE(write_and_kill(GetParam().plugin, folder.string(), random, acknowledged));
    const auto node = start(folder.path());
    Storage storage(*node);
    std::map<int, unsigned> heads;
    for (int writer = 0; writer < writers; ++writer) {
      heads[writer] = check_batches(storage, writer, acknowledged.heads[writer]);
    }
    check_blobs(storage, acknowledged, heads);
    check_files(storage, folder.path());
  }
  std::printf("%d kills, %zu acknowledged changes, %zu blobs, %zu erasures\n", cycles, acknowledged.lines,
              acknowledged.blobs.size(), acknowledged.erased.size());
}

}  // namespace
}  // namespace drawbridge::storage_test
