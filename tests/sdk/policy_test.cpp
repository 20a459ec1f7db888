#include "drawbridge/policy.h"

#include <random>

#include "drawbridge/keeper.h"
#include "fixture.h"

namespace drawbridge {
namespace {

using test::expect_throws;
using Result = Policy::Result;

Timestamp at(std::int64_t ms) {
  return from_unix_ms(ms);
}
Result result(const Policy& policy, std::int64_t now, const std::string& who = "bob") {
  return policy.evaluate({at(now), who});
}

TEST(Policy, SingleConditions) {
  EXPECT_EQ(result(Policy::recipient("bob"), 0), Result::holds);
  EXPECT_EQ(result(Policy::recipient("bob"), 0, "mallory"), Result::denied);
  EXPECT_EQ(result(Policy::recipient("bob"), 0, ""), Result::denied);
  EXPECT_EQ(result(Policy::before(at(10)), 9), Result::holds);
  EXPECT_EQ(result(Policy::before(at(10)), 10), Result::expired);
  EXPECT_EQ(result(Policy::after(at(10)), 9), Result::denied);
  EXPECT_EQ(result(Policy::after(at(10)), 10), Result::holds);
}

TEST(Policy, TruthTables) {
  const Policy yes = Policy::recipient("bob");
  const Policy no = Policy::recipient("nobody");
  const auto holds = [](const Policy& policy) { return result(policy, 0) == Result::holds; };
  EXPECT_TRUE(holds(Policy::all({yes, yes})));
  EXPECT_FALSE(holds(Policy::all({yes, no})));
  EXPECT_FALSE(holds(Policy::all({no, yes})));
  EXPECT_FALSE(holds(Policy::all({no, no})));
  EXPECT_TRUE(holds(Policy::any({yes, yes})));
  EXPECT_TRUE(holds(Policy::any({yes, no})));
  EXPECT_TRUE(holds(Policy::any({no, yes})));
  EXPECT_FALSE(holds(Policy::any({no, no})));
  EXPECT_FALSE(holds(Policy::negation(yes)));
  EXPECT_TRUE(holds(Policy::negation(no)));
}

TEST(Policy, ExpiredOnlyForWhomItHeld) {
  const Policy policy = Policy::all({Policy::recipient("bob"), Policy::before(at(10))});
  EXPECT_EQ(result(policy, 10), Result::expired);
  EXPECT_EQ(result(policy, 10, "mallory"), Result::denied);
  EXPECT_EQ(policy.expiry(), at(10));
}

TEST(Policy, AWindowThatNeverOpensIsDenied) {
  const Policy never = Policy::all({Policy::before(at(10)), Policy::after(at(20))});
  for (const int now : {0, 10, 15, 20, 30}) EXPECT_EQ(result(never, now), Result::denied);
  const Policy window = Policy::all({Policy::after(at(10)), Policy::before(at(20))});
  EXPECT_EQ(result(window, 9), Result::denied);
  EXPECT_EQ(result(window, 10), Result::holds);
  EXPECT_EQ(result(window, 19), Result::holds);
  EXPECT_EQ(result(window, 20), Result::expired);
  EXPECT_EQ(window.expiry(), at(20));
}

TEST(Policy, ExpiryOnlyWhereEveryWayEnds) {
  EXPECT_EQ(Policy::recipient("bob").expiry(), std::nullopt);
  EXPECT_EQ(Policy::after(at(5)).expiry(), std::nullopt);
  EXPECT_EQ(Policy::any({Policy::before(at(5)), Policy::before(at(7))}).expiry(), at(7));
  EXPECT_EQ(Policy::all({Policy::before(at(5)), Policy::before(at(7))}).expiry(), at(5));
  EXPECT_EQ(Policy::any({Policy::before(at(5)), Policy::recipient("bob")}).expiry(), std::nullopt);
  EXPECT_EQ(Policy::negation(Policy::after(at(5))).expiry(), at(5));
  EXPECT_EQ(Policy::negation(Policy::before(at(5))).expiry(), std::nullopt);
  const Policy not_bob = Policy::all({Policy::negation(Policy::recipient("bob")), Policy::before(at(9))});
  EXPECT_EQ(not_bob.expiry(), at(9));
}

TEST(Policy, ConditionalWhereTimeMatters) {
  EXPECT_FALSE(Policy::recipient("bob").conditional());
  EXPECT_FALSE(Policy::any({Policy::recipient("a"), Policy::negation(Policy::recipient("b"))}).conditional());
  EXPECT_TRUE(Policy::before(at(1)).conditional());
  EXPECT_TRUE(Policy::all({Policy::recipient("bob"), Policy::any({Policy::after(at(1))})}).conditional());
}

TEST(Policy, CborForm) {
  const Policy policy = Policy::all(
      {Policy::recipient("bob"), Policy::negation(Policy::any({Policy::after(at(5)), Policy::before(at(3))}))});
  const Cbor expected = CborMap{
      {"all", CborArray{CborMap{{"recipient", "bob"}},
                        CborMap{{"not", CborMap{{"any", CborArray{CborMap{{"after", 5}}, CborMap{{"before", 3}}}}}}}}}};
  EXPECT_EQ(policy.cbor(), expected);
  EXPECT_EQ(Policy::from(expected).cbor(), expected);
}

TEST(Policy, RefusesWhatIsNone) {
  const std::vector<Cbor> bad = {nullptr,
                                 5,
                                 "recipient",
                                 CborArray{},
                                 CborMap{},
                                 CborMap{{"recipient", 5}},
                                 CborMap{{"recipient", "a"}, {"before", 5}},
                                 CborMap{{"paid", 5}},
                                 CborMap{{"before", "soon"}},
                                 CborMap{{"before", -1}},
                                 CborMap{{"after", std::numeric_limits<std::int64_t>::min()}},
                                 CborMap{{"before", std::numeric_limits<std::int64_t>::max()}},
                                 CborMap{{"before", std::int64_t{253402300800000}}},
                                 CborMap{{"all", CborArray{}}},
                                 CborMap{{"any", CborArray{}}},
                                 CborMap{{"all", CborMap{}}},
                                 CborMap{{"not", CborArray{}}},
                                 CborMap{{"any", CborArray{CborMap{{"recipient", "a"}}, 5}}}};
  for (const Cbor& cbor : bad)
    expect_throws(
        Code::invalid, [&] { Policy::from(cbor); }, to_hex(encode(cbor)));
  EXPECT_NO_THROW(Policy::from(CborMap{{"before", std::int64_t{253402300799999}}}));
  expect_throws(Code::invalid, [] { Policy::all({}); });
  expect_throws(Code::invalid, [] { Policy::any({}); });
}

TEST(Policy, DepthAndNumberAreBounded) {
  const auto nested = [](int depth) {
    Cbor cbor = CborMap{{"recipient", "a"}};
    for (int i = 0; i < depth; ++i) cbor = CborMap{{"not", std::move(cbor)}};
    return cbor;
  };
  EXPECT_NO_THROW(Policy::from(nested(8)));
  expect_throws(Code::invalid, [&] { Policy::from(nested(9)); });
  expect_throws(Code::invalid, [&] { Policy::from(nested(500)); });

  const auto wide = [](int parts) {
    return CborMap{{"any", CborArray(static_cast<std::size_t>(parts), CborMap{{"recipient", "a"}})}};
  };
  EXPECT_NO_THROW(Policy::from(wide(63)));
  expect_throws(Code::invalid, [&] { Policy::from(wide(64)); });
  expect_throws(Code::invalid, [&] { Policy::from(wide(100'000)); });
}

/// A policy and a plain function that says the same.
struct Modelled {
  Policy policy;
  std::function<bool(std::int64_t now, const std::string& who)> holds;
};

constexpr std::int64_t last_moment = 12;

Modelled random_policy(std::mt19937_64& random, int depth) {
  const auto kind = random() % (depth < 3 ? 6 : 3);
  const auto moment = static_cast<std::int64_t>(random() % last_moment);
  if (kind == 0) {
    const std::string who = random() % 2 == 0 ? "bob" : "carol";
    return {Policy::recipient(who), [who](auto, const auto& asks) { return asks == who; }};
  }
  if (kind == 1) return {Policy::before(at(moment)), [moment](auto now, const auto&) { return now < moment; }};
  if (kind == 2) return {Policy::after(at(moment)), [moment](auto now, const auto&) { return now >= moment; }};
  if (kind == 3) {
    const Modelled inner = random_policy(random, depth + 1);
    return {Policy::negation(inner.policy), [inner](auto now, const auto& who) { return !inner.holds(now, who); }};
  }
  std::vector<Policy> parts;
  std::vector<Modelled> models;
  for (auto left = 1 + random() % 3; left > 0; --left) {
    models.push_back(random_policy(random, depth + 1));
    parts.push_back(models.back().policy);
  }
  const bool all = kind == 4;
  return {all ? Policy::all(parts) : Policy::any(parts), [all, models](auto now, const auto& who) {
            for (const auto& model : models) {
              if (model.holds(now, who) != all) return !all;
            }
            return all;
          }};
}

/// Looks at every moment there is, where the policy looks at its own only.
Result expected_result(const Modelled& model, std::int64_t now, const std::string& who) {
  if (model.holds(now, who)) return Result::holds;
  for (std::int64_t earlier = -2; earlier < now; ++earlier) {
    if (model.holds(earlier, who)) return Result::expired;
  }
  return Result::denied;
}

/// The first moment from which on it holds for nobody.
std::optional<Timestamp> expected_expiry(const Modelled& model) {
  const auto for_anyone = [&](std::int64_t now) {
    return model.holds(now, "bob") || model.holds(now, "carol") || model.holds(now, "anyone");
  };
  if (for_anyone(last_moment + 1)) return std::nullopt;
  for (std::int64_t now = last_moment + 1; now >= -1; --now) {
    if (for_anyone(now - 1)) return at(now);
  }
  return std::nullopt;
}

TEST(Policy, RandomPoliciesAgreeWithTheModel) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 2000; ++round) {
    const Modelled model = random_policy(random, 0);
    const Policy read = Policy::from(decode_cbor(encode(model.policy.cbor())));
    for (std::int64_t now = -1; now <= last_moment + 1; ++now) {
      for (const auto* who : {"bob", "carol", "anyone"}) {
        ASSERT_EQ(result(read, now, who), expected_result(model, now, who))
            << to_hex(encode(read.cbor())) << now << who;
      }
    }
    // One that never holds has no true expiry; any moment of it will do.
    const auto expiry = expected_expiry(model);
    if (expiry || result(read, last_moment + 1) == Result::holds) {
      ASSERT_EQ(read.expiry(), expiry) << to_hex(encode(read.cbor()));
    }
  }
}

Grant example_grant() {
  return {"sha256:aa", "node_a", "node_b", Policy::recipient("node_b"), "owner", at(7)};
}

TEST(Grant, CborRoundTrip) {
  const Grant grant = example_grant();
  const Grant read = Grant::from(decode_cbor(encode(grant.cbor())));
  EXPECT_EQ(read.cbor(), grant.cbor());
  EXPECT_EQ(read.context(), grant.context());
  for (const auto* field : {"asset", "owner", "grantee", "policy", "keeper", "created"}) {
    CborMap map = grant.cbor().map();
    map.erase(field);
    expect_throws(
        Code::invalid, [&] { Grant::from(map); }, field);
    map[field] = CborArray{};
    expect_throws(
        Code::invalid, [&] { Grant::from(map); }, field);
  }
}

TEST(Grant, ContextBindsAssetOwnerGranteeAndPolicy) {
  const Bytes context = example_grant().context();
  const auto changed = [&](const std::function<void(Grant&)>& change) {
    Grant grant = example_grant();
    change(grant);
    return grant.context() != context;
  };
  EXPECT_TRUE(changed([](Grant& g) { g.asset = "sha256:ab"; }));
  EXPECT_TRUE(changed([](Grant& g) { g.owner = "node_c"; }));
  EXPECT_TRUE(changed([](Grant& g) { g.grantee = "node_c"; }));
  EXPECT_TRUE(changed([](Grant& g) { g.policy = Policy::before(at(1)); }));
  EXPECT_TRUE(changed([](Grant& g) { std::swap(g.owner, g.grantee); }));
  // No two neighbouring fields can run into each other.
  EXPECT_TRUE(changed([](Grant& g) {
    g.asset = "sha256:aan";
    g.owner = "ode_a";
  }));
  EXPECT_FALSE(changed([](Grant& g) { g.created = at(8); }));
}

}  // namespace
}  // namespace drawbridge
