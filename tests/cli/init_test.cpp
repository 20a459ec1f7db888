#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "drawbridge/error.h"
#include "kernel/cli/context.h"
#include "support/node.h"

namespace drawbridge::cli {
namespace {
namespace fs = std::filesystem;
using support::TempDir;

/// Runs `drawbridge init` where there are no plugins, so that it fails once it has made its files.
class FailingInit : public testing::Test {
 protected:
  void SetUp() override { ::setenv("DRAWBRIDGE_PLUGINS", "/no/such/folder", 1); }
  void TearDown() override { ::unsetenv("DRAWBRIDGE_PLUGINS"); }

  static Code init(const std::string& folder, std::vector<std::string> more = {}) {
    CLI::App app;
    Context context;
    add_init(app, context);
    std::vector<std::string> arguments{"init", folder};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
    app.parse(arguments);
    try {
      context.action();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Code::internal;
  }

  TempDir folder_;
};

TEST_F(FailingInit, leaves_no_folder_that_it_made) {
  EXPECT_EQ(init(folder_ / "of" / "alice"), Code::invalid);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FailingInit, keeps_what_was_there) {
  folder_.write("notes.txt", "mine");
  EXPECT_EQ(init(folder_.string() + "/"), Code::invalid);
  EXPECT_TRUE(fs::exists(folder_ / "notes.txt"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(FailingInit, touches_no_home) {
  for (const char* part : {"node.yaml", "master.pw", "data"}) {
    const TempDir home;
    home.write(part, "precious");
    EXPECT_EQ(init(home.string()), Code::conflict) << part;
    EXPECT_EQ(support::read_text(home / part), "precious");
  }
}

TEST_F(FailingInit, checks_what_it_writes_into_the_configuration) {
  const auto home = (folder_ / "alice").string();
  EXPECT_EQ(init(home, {"--name", "Alice!"}), Code::invalid);
  EXPECT_EQ(init(home, {"--api", "nowhere"}), Code::invalid);
  EXPECT_EQ(init(home, {"--listen", "\"]}:1"}), Code::invalid);
  EXPECT_EQ(init(home, {"--advertise", "alice.example:0"}), Code::invalid);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace drawbridge::cli
