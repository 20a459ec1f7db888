#include "fixture.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

// What every keeper does is in keeper_conformance_test.cpp; here is what this one adds, and what needs its clock.
class KeeperTest : public testing::Test {
 protected:
  Grant grant(Policy policy, const std::string& grantee = {}) {
    static int number = 0;
    return {"sha256:test" + std::to_string(++number),
            alice.id(),
            grantee.empty() ? bob.id() : grantee,
            std::move(policy),
            "owner",
            test_clock().now()};
  }
  std::optional<Bytes> entrust(const Grant& grant) { return alice.wait(alice.keeper()->entrust(grant, key.clone())); }
  Bytes release(const Grant& grant, const std::string& who = {}) {
    return alice.wait(alice.keeper()->release(grant.asset, who.empty() ? bob.id() : who));
  }
  void revoke(const Grant& grant, const std::string& who = {}) {
    alice.wait(alice.keeper()->revoke(grant.asset, who.empty() ? bob.id() : who));
  }
  bool opens(const Grant& grant, const Bytes& wrapped) {
    return bob.identity()->unwrap(grant.context(), wrapped).equals(key.bytes());
  }
  Policy to_bob() { return Policy::recipient(bob.id()); }

  TestNode& alice = nodes().alice;
  TestNode& bob = nodes().bob;
  TestNode& mallory = nodes().mallory;
  const Secret key = system_random().secret(32);
};

TEST_F(KeeperTest, AnUnconditionalGrantIsWrappedAtOnce) {
  const Grant given = grant(to_bob());
  const auto wrapped = entrust(given);
  ASSERT_TRUE(wrapped);
  EXPECT_TRUE(opens(given, *wrapped));
  EXPECT_EQ(release(given), *wrapped);
  Grant other = given;
  other.asset += "x";
  expect_throws(Code::cannot_open, [&] { opens(other, *wrapped); });
  expect_throws(Code::cannot_open, [&] { mallory.identity()->unwrap(given.context(), *wrapped); });
}

TEST_F(KeeperTest, AConditionalGrantIsWrappedOnDemandUntilItExpires) {
  const Grant given = grant(Policy::all({to_bob(), Policy::before(test_clock().now() + 1h)}));
  EXPECT_FALSE(entrust(given));
  EXPECT_TRUE(opens(given, release(given)));
  test_clock().advance(1h);
  expect_throws(Code::gone, [&] { release(given); });
}

TEST_F(KeeperTest, NotBeforeItsTime) {
  const Grant given = grant(Policy::all({to_bob(), Policy::after(test_clock().now() + 1h)}));
  EXPECT_FALSE(entrust(given));
  expect_throws(Code::forbidden, [&] { release(given); });
  test_clock().advance(1h);
  EXPECT_TRUE(opens(given, release(given)));
}

TEST_F(KeeperTest, AGrantIsEntrustedOnceAndOneAssetToSeveral) {
  Grant given = grant(to_bob());
  entrust(given);
  expect_throws(Code::conflict, [&] { entrust(given); });
  Grant second = given;
  second.grantee = alice.id();
  second.policy = Policy::recipient(alice.id());
  const auto wrapped = entrust(second);
  EXPECT_TRUE(alice.identity()->unwrap(second.context(), wrapped.value()).equals(key.bytes()));
  revoke(given);
  EXPECT_EQ(release(second, alice.id()), *wrapped);
}

TEST_F(KeeperTest, GrantsSurviveARestartAndARewrap) {
  const Grant given = grant(Policy::all({to_bob(), Policy::before(test_clock().now() + 1h)}));
  entrust(given);
  alice.wait(alice.keyring()->rotate());
  EXPECT_GT(alice.wait(alice.keyring()->rewrap()).records, 0u);
  alice.restart();
  EXPECT_TRUE(opens(given, release(given)));
}

TEST_F(KeeperTest, NoDataKeyIsStoredOpenly) {
  entrust(grant(to_bob()));
  for (const auto& [name, value] : alice.backdoor()->records()) {
    EXPECT_EQ(text_view(value).find(key.text()), std::string_view::npos) << name;
  }
}

}  // namespace
}  // namespace drawbridge
