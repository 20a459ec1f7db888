#include "kernel/cli/home.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "drawbridge/files.h"
#include "kernel/cli/node_yaml.h"
#include "support/node.h"

namespace drawbridge::cli {
using support::TempDir;
namespace {
namespace fs = std::filesystem;

const NodePlan plan{
    "alice", "127.0.0.1:18081", "127.0.0.1:18080", "0.0.0.0:8000", {"alice.example:8000", "[::1]:8000"}};

kernel::Config parse(const std::string& text, const fs::path& file) {
  kernel::Problems problems(file.string());
  auto config = kernel::parse_config(text, file.string(), problems);
  for (const auto& error : problems.errors()) ADD_FAILURE() << error.text();
  return config;
}

template <class Call>
Code code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::internal;
}

TEST(NodeYaml, is_a_configuration_with_all_components) {
  const TempDir folder;
  const auto config = parse(node_yaml(plan), folder.path() / "node.yaml");
  EXPECT_EQ(config.node.name, "alice");
  EXPECT_EQ(config.node.data, (folder.path() / "data").string());
  std::vector<std::string> plugins;
  for (const auto& component : config.components) plugins.push_back(component.plugin);
  const std::vector<std::string> wanted{"storage.rocksdb", "cipher.fernet",   "chain.local",      "transport.tls",
                                        "keeper.owner",    "service.keyring", "service.identity", "service.access",
                                        "service.assets",  "api.external",    "api.internal"};
  EXPECT_EQ(plugins, wanted);
}

TEST(NodeYaml, a_name_that_yaml_would_read_as_something_else) {
  const TempDir folder;
  for (const char* name : {"null", "true", "1e3", "0", "-", "."}) {
    auto other = plan;
    other.name = name;
    EXPECT_EQ(parse(node_yaml(other), folder.path() / "node.yaml").node.name, name);
  }
}

TEST(NodeYaml, without_addresses) {
  const TempDir folder;
  auto hidden = plan;
  hidden.addresses.clear();
  parse(node_yaml(hidden), folder.path() / "node.yaml");
}

class FindNode : public testing::Test {
 protected:
  FindNode() : config_(parse(node_yaml(plan), folder_.path() / "node.yaml")) {}
  fs::path cookie() const { return folder_.path() / "data" / "cookie"; }
  void write_cookie(unsigned mode) const {
    fs::create_directories(cookie().parent_path());
    write_file(cookie(), view("the key\n"), mode);
  }

  TempDir folder_;
  kernel::Config config_;
};

TEST_F(FindNode, does_not_run_without_a_cookie) {
  EXPECT_FALSE(find_node(config_, Api::external, ""));
}

TEST_F(FindNode, by_its_configuration) {
  write_cookie(0600);
  const auto external = find_node(config_, Api::external, "");
  ASSERT_TRUE(external);
  EXPECT_EQ(external->url, "http://127.0.0.1:18081");
  EXPECT_EQ(external->api_key, "the key");
  EXPECT_EQ(find_node(config_, Api::internal, "")->url, "http://127.0.0.1:18080");
}

TEST_F(FindNode, a_cookie_that_others_can_read_is_refused) {
  write_cookie(0644);
  EXPECT_EQ(code_of([&] { find_node(config_, Api::external, ""); }), Code::forbidden);
}

TEST_F(FindNode, with_another_key) {
  write_file(folder_.path() / "key", view("another\n"), 0600);
  const auto found = find_node(config_, Api::external, (folder_.path() / "key").string());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->api_key, "another");
}

TEST_F(FindNode, without_that_interface_or_without_a_cookie_file) {
  write_cookie(0600);
  std::erase_if(config_.components, [](const auto& component) { return component.plugin == "api.internal"; });
  EXPECT_EQ(code_of([&] { find_node(config_, Api::internal, ""); }), Code::not_found);
  std::erase_if(config_.components, [](const auto& component) { return component.plugin == "service.access"; });
  EXPECT_EQ(code_of([&] { find_node(config_, Api::external, ""); }), Code::not_found);
}

TEST(Home, of_the_option_then_of_the_folder_then_of_the_user) {
  const TempDir folder;
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  ::setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(home_folder(Context{}), "/home/somebody/.drawbridge");
  write_file(folder.path() / "node.yaml", view("node: {}\n"), 0600);
  EXPECT_EQ(home_folder(Context{}), fs::current_path());
  Context context;
  context.home = "elsewhere";
  EXPECT_EQ(home_folder(context), fs::current_path() / "elsewhere");
  fs::current_path(before);
}

TEST(Home, without_a_configuration_says_what_to_do) {
  const TempDir folder;
  Context context;
  context.home = folder.path().string();
  try {
    config_file(context, "");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(error.hint().find("drawbridge init"), std::string::npos);
  }
  EXPECT_EQ(code_of([&] { config_file(context, "/no/such/file.yaml"); }), Code::not_found);
}

TEST(Home, plugin_folders) {
  ::setenv("DRAWBRIDGE_PLUGINS", "/a::/b:", 1);
  const std::vector<fs::path> given{"/a", "/b"};
  EXPECT_EQ(plugin_folders(), given);
  ::unsetenv("DRAWBRIDGE_PLUGINS");
  ASSERT_EQ(plugin_folders().size(), 1U);
  EXPECT_EQ(plugin_folders().front().filename(), "plugins");
}

TEST(Connect, a_node_that_does_not_run_is_started_by_the_hint) {
  const TempDir folder;
  write_file(folder.path() / "node.yaml", view(node_yaml(plan)), 0600);
  Context context;
  context.home = folder.path().string();
  try {
    connect(context, Api::external);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_EQ(error.hint(), "start it with `drawbridge --home " + folder.path().string() + " run`");
  }
  EXPECT_FALSE(try_connect(context, Api::internal));
}

}  // namespace
}  // namespace drawbridge::cli
