// A writer is killed at random moments. Whatever it was told is durable is there afterwards, under the same leaf.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "drawbridge/merkle.h"
#include "fixture.h"

namespace drawbridge::test {
namespace {

int kill_cycles() {
  const char* wanted = std::getenv("DRAWBRIDGE_KILL_CYCLES");
  return wanted ? std::max(1, std::atoi(wanted)) : 100;
}

/// A ledger_writer and the end of the pipe that it reports to.
class Writer {
 public:
  explicit Writer(const std::string& folder) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(Code::unavailable, "no pipe");
    reports_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = DRAWBRIDGE_LEDGER_WRITER, argument = folder;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    const int failed = ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0) throw Error(Code::unavailable, "cannot start " + program);
  }
  ~Writer() {
    kill();
    ::close(reports_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Reads until there are this many lines; false when the writer has ended before.
  bool read_lines(std::size_t count) {
    while (static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n')) < count) {
      if (!read_some()) return false;
    }
    return true;
  }

  void kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  /// What was acknowledged: every whole line that is in the pipe.
  std::map<std::uint64_t, std::string> acknowledged() {
    while (read_some()) {
    }
    std::map<std::uint64_t, std::string> out;
    std::istringstream lines(text_.substr(0, text_.rfind('\n') + 1));
    std::uint64_t index = 0;
    for (std::string leaf; lines >> index >> leaf;) out.emplace(index, leaf);
    return out;
  }

 private:
  bool read_some() {
    char buffer[4096];
    const ssize_t count = ::read(reports_, buffer, sizeof buffer);
    if (count <= 0) return false;
    text_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  pid_t process_ = 0;
  int reports_ = -1;
  std::string text_;
};

class LedgerKill : public testing::Test {
 protected:
  void SetUp() override {
    const unsigned seed = std::random_device()();
    std::cout << "seed " << seed << "\n";
    random_.seed(seed);
  }

  /// Lets a writer run for a while, kills it, and remembers what it said.
  void run_and_kill() {
    Writer writer(folder_ / "db");
    const std::size_t lines = std::uniform_int_distribution<std::size_t>(1, 400)(random_);
    ASSERT_TRUE(writer.read_lines(lines)) << "the writer ended by itself";
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 3000)(random_)));
    writer.kill();
    for (const auto& [index, leaf] : writer.acknowledged()) {
      ASSERT_TRUE(acknowledged_.emplace(index, leaf).second) << "index " << index << " was given out twice";
    }
  }

  void check_ledger() {
    const auto node = ledger_node("{plugin: storage.rocksdb, path: " + (folder_ / "db").string() + "}");
    const auto ledger = node->find<Ledger>("ledger");
    const Checkpoint head = node->wait(ledger->audit());
    for (const Checkpoint& old : heads_) {
      ASSERT_LE(old.size, head.size);
      const auto proof = node->wait(ledger->consistency(old.size, head.size));
      EXPECT_TRUE(verify_consistency(old.size, head.size, old.root, head.root, proof)) << old.size << " " << head.size;
    }
    heads_.push_back(head);
    std::vector<std::string> leaves;
    for (bool more = head.size > 0; more;) {
      const Ledger::Page page = node->wait(ledger->events(leaves.size(), 1024));
      more = page.more;
      for (const LedgerEvent& event : page.events) leaves.push_back(to_hex(event.leaf));
    }
    for (const auto& [index, leaf] : acknowledged_) {
      ASSERT_LT(index, leaves.size()) << "acknowledged and lost";
      ASSERT_EQ(leaf, leaves[index]) << "event " << index;
    }
  }

  support::TempDir folder_;
  std::mt19937 random_;
  std::map<std::uint64_t, std::string> acknowledged_;
  std::vector<Checkpoint> heads_;
};

TEST_F(LedgerKill, NothingAcknowledgedIsLost) {
  const int cycles = kill_cycles();
  for (int cycle = 0; cycle < cycles; ++cycle) {
    ASSERT_NO_FATAL_FAILURE(run_and_kill());
    ASSERT_NO_FATAL_FAILURE(check_ledger());
  }
  std::cout << cycles << " cycles, " << acknowledged_.size() << " events acknowledged, " << heads_.back().size
            << " stored\n";
}

}  // namespace
}  // namespace drawbridge::test
