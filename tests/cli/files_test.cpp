#include "kernel/cli/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "drawbridge/error.h"
#include "drawbridge/files.h"
#include "support/node.h"

namespace drawbridge::cli {
using support::TempDir;
namespace {
namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string content(const std::string& name) const { return to_text(read_file(path(name), 1_MiB)); }
  void make(const std::string& name, std::string_view text) const { write_file(path(name), view(text), 0644); }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }

  template <class Call>
  static Code code_of(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Code::internal;
  }

 private:
  TempDir folder_;
};

TEST_F(Files, output_has_its_name_only_when_it_is_whole) {
  OutputFile file(path("a"), false, 0600);
  file.write(view("hello"));
  EXPECT_FALSE(fs::exists(path("a")));
  EXPECT_TRUE(fs::exists(path("a.part")));
  file.commit();
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(file.written(), 5U);
  struct stat status {};
  ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Files, uncommitted_output_leaves_nothing) {
  {
    OutputFile file(path("a"), false, 0600);
    file.write(view("hello"));
  }
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, output_does_not_overwrite_unless_told) {
  make("a", "old");
  EXPECT_EQ(code_of([&] { OutputFile(path("a"), false, 0600); }), Code::conflict);
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(count(), 1U);
  {
    OutputFile file(path("a"), true, 0600);
    file.write(view("new"));
    EXPECT_EQ(content("a"), "old");
    file.commit();
  }
  EXPECT_EQ(content("a"), "new");
}

TEST_F(Files, output_does_not_overwrite_what_appears_meanwhile) {
  {
    OutputFile file(path("a"), false, 0600);
    file.write(view("mine"));
    make("a", "theirs");
    EXPECT_EQ(code_of([&] { file.commit(); }), Code::conflict);
  }
  EXPECT_EQ(content("a"), "theirs");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Files, output_takes_over_what_a_killed_one_left) {
  make("a.part", "a long rest of an earlier attempt");
  OutputFile file(path("a"), false, 0600);
  file.write(view("new"));
  file.commit();
  EXPECT_EQ(content("a"), "new");
}

TEST_F(Files, two_writers_of_one_file) {
  const OutputFile first(path("a"), false, 0600);
  EXPECT_EQ(code_of([&] { OutputFile(path("a"), false, 0600); }), Code::conflict);
  EXPECT_TRUE(fs::exists(path("a.part"))) << "the second took the first one's file away";
}

TEST_F(Files, no_place_for_output) {
  EXPECT_EQ(code_of([&] { OutputFile(path(""), true, 0600); }), Code::invalid) << "a folder";
  EXPECT_EQ(code_of([&] { OutputFile("/dev/null", true, 0600); }), Code::invalid);
  EXPECT_EQ(code_of([&] { OutputFile(path("no/such/folder"), true, 0600); }), Code::unavailable);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, a_signal_leaves_nothing) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    OutputFile file(path("a"), false, 0600);
    file.write(view("secret"));
    ::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Files, input) {
  make("in", "hello world");
  InputFile file(path("in"));
  EXPECT_EQ(file.name(), "in");
  EXPECT_EQ(file.size(), 11U);
  Bytes piece(8);
  EXPECT_EQ(file.read(piece), 8U);
  EXPECT_EQ(file.read(piece), 3U);
  EXPECT_EQ(file.read(piece), 0U);
}

TEST_F(Files, input_that_says_it_is_empty_has_no_known_size) {
  EXPECT_EQ(InputFile("/proc/self/status").size(), std::nullopt);
  EXPECT_FALSE(read_text("/proc/self/status", 1_MiB).empty());
}

TEST_F(Files, no_input) {
  EXPECT_EQ(code_of([&] { InputFile(path("none")); }), Code::not_found);
  EXPECT_EQ(code_of([&] { InputFile(path("")); }), Code::invalid) << "a folder";
  make("large", std::string(100, 'x'));
  EXPECT_EQ(code_of([&] { read_text(path("large"), 99); }), Code::too_large);
  EXPECT_EQ(read_text(path("large"), 100).size(), 100U);
}

}  // namespace
}  // namespace drawbridge::cli
