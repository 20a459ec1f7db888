#include <sys/stat.h>

#include "drawbridge/hash.h"
#include "fixture.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

const std::vector<std::string> only_access{"access"};

class AccessTest : public testing::Test {
 protected:
  void SetUp() override { node.start(only_access); }

  Access::Created create(const std::string& name, std::vector<std::string> scopes,
                         std::optional<Timestamp> expires = {}) {
    return node.wait(node.access()->create(name, std::move(scopes), expires));
  }
  std::optional<ApiClient> check(std::string_view key) { return node.access()->check(key); }
  bool revoke(const std::string& id) { return node.wait(node.access()->revoke(id)); }
  std::filesystem::path cookie() const { return node.folder() / "cookie"; }
  std::string cookie_key() const {
    std::string text = support::read_text(cookie());
    text.pop_back();
    return text;
  }

  TestNode node{"access"};
};

TEST_F(AccessTest, AKeyIsItsClient) {
  const auto created = create("ci", {"read", "share"});
  EXPECT_EQ(created.key.size(), 85u);
  EXPECT_TRUE(created.key.starts_with("dbk_" + created.client.id + "_"));
  const auto client = check(created.key);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->name, "ci");
  EXPECT_EQ(client->id, created.client.id);
  EXPECT_TRUE(client->may("read"));
  EXPECT_TRUE(client->may("share"));
  EXPECT_FALSE(client->may("admin"));
  EXPECT_TRUE(check(create("root", {"admin"}).key)->may("read"));
  EXPECT_FALSE(check(create("reader", {"read"}).key)->may("share"));
}

TEST_F(AccessTest, WrongKeysAreNobodys) {
  const std::string key = create("a", {"read"}).key;
  const std::string other = create("b", {"read"}).key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string wrong = key;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    EXPECT_FALSE(check(wrong)) << i;
  }
  for (const std::string& wrong :
       {std::string(), key.substr(1), key.substr(0, 84), key + "0", key + "\n", " " + key, std::string(85, '0'),
        std::string(100'000, 'x'), key.substr(0, 21) + other.substr(21), std::string("dbk_") + std::string(81, '\0')}) {
    EXPECT_FALSE(check(wrong)) << wrong.substr(0, 100);
  }
  std::string upper = key;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_FALSE(check(upper));
}

TEST_F(AccessTest, BadNamesScopesAndExpiries) {
  for (const std::string& bad : {std::string(), std::string("A"), std::string("a b"), std::string("a/b"),
                                 std::string(65, 'a'), std::string("\xc3\xbc"), std::string("a\n")}) {
    expect_throws(
        Code::invalid, [&] { create(bad, {"read"}); }, bad);
  }
  expect_throws(Code::invalid, [&] { create("a", {}); });
  for (const auto* bad : {"", "write", "Admin", "read,share", "read "}) {
    expect_throws(
        Code::invalid,
        [&] {
          create("a", {"read", bad});
        },
        bad);
  }
  expect_throws(Code::invalid, [&] { create("a", {"read"}, test_clock().now()); });
  EXPECT_TRUE(node.access()->list().empty());
}

TEST_F(AccessTest, KeysExpire) {
  const auto created = create("a", {"read"}, test_clock().now() + 1h);
  EXPECT_TRUE(check(created.key));
  test_clock().advance(1h);
  EXPECT_FALSE(check(created.key));
  node.stop();
  node.start(only_access);
  EXPECT_FALSE(check(created.key));
}

TEST_F(AccessTest, RevokedAtOnceAndForGood) {
  const auto created = create("a", {"read"});
  const auto kept = create("b", {"read"});
  EXPECT_TRUE(revoke(created.client.id));
  EXPECT_FALSE(check(created.key));
  EXPECT_FALSE(revoke(created.client.id));
  for (const std::string& bad :
       {std::string(), std::string("0123456789abcdef"), std::string("../peer"), std::string(5000, 'a')}) {
    EXPECT_FALSE(revoke(bad));
  }
  node.stop();
  node.start(only_access);
  EXPECT_FALSE(check(created.key));
  EXPECT_TRUE(check(kept.key));
}

TEST_F(AccessTest, ARevocationThatFailedCanBeRepeated) {
  const auto created = create("a", {"read"});
  node.backdoor()->failing_commits() = 1;
  expect_throws(Code::unavailable, [&] { revoke(created.client.id); });
  EXPECT_FALSE(check(created.key)) << "it is effective at once";
  EXPECT_TRUE(revoke(created.client.id));
  node.stop();
  node.start(only_access);
  EXPECT_FALSE(check(created.key)) << "it must not come back";
}

TEST_F(AccessTest, AKeyThatWasNotStoredIsNone) {
  node.backdoor()->failing_commits() = 1;
  expect_throws(Code::unavailable, [&] { create("a", {"read"}); });
  EXPECT_TRUE(node.access()->list().empty());
}

TEST_F(AccessTest, KeysSurviveARestartAndAreNotStored) {
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back(create("k" + std::to_string(i), {"read"}).key);
  EXPECT_EQ(node.access()->list().size(), 20u);
  for (const auto& [name, value] : node.backdoor()->records()) {
    for (const std::string& key : keys) {
      EXPECT_EQ(text_view(value).find(key.substr(21)), std::string_view::npos);
      EXPECT_EQ(name.find(key.substr(21)), std::string::npos);
    }
  }
  node.stop();
  node.start(only_access);
  EXPECT_EQ(node.access()->list().size(), 20u);
  for (const std::string& key : keys) EXPECT_TRUE(check(key));
}

TEST_F(AccessTest, TheCookie) {
  struct stat status {};
  ASSERT_EQ(::stat(cookie().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string first = cookie_key();
  const auto client = check(first);
  ASSERT_TRUE(client);
  EXPECT_TRUE(client->may("admin"));
  EXPECT_TRUE(node.access()->list().empty()) << "it is not one of the keys";
  EXPECT_FALSE(revoke(client->id));
  EXPECT_TRUE(check(first));
  node.stop();
  EXPECT_FALSE(std::filesystem::exists(cookie()));
  node.start(only_access);
  EXPECT_NE(cookie_key(), first);
  EXPECT_FALSE(check(first)) << "the cookie of the last run";
}

}  // namespace
}  // namespace drawbridge
