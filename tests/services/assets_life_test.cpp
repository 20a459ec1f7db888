// What happens to an asset over time: absence, expiry, revocation, verification, lists.
#include "drawbridge/checkpoint.h"
#include "sharing.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

class AssetsLife : public testing::Test {
 protected:
  TestNode& alice = nodes().alice;
  TestNode& bob = nodes().bob;
  TestNode& mallory = nodes().mallory;
};

TEST_F(AssetsLife, ARecipientThatIsAwayGetsItLater) {
  bob.stop();
  const Shared shared = share(alice, "bob", pattern(200'000));
  EXPECT_FALSE(shared.delivered);
  EXPECT_EQ(alice.wait(alice.assets()->find(shared.asset))->delivery, "pending");
  bob.start();
  eventually([&] { return alice.wait(alice.assets()->find(shared.asset))->delivery == "delivered"; }, "delivery");
  EXPECT_EQ(bob.wait(bob.assets()->find(shared.asset))->role, "grantee");
  EXPECT_EQ(open_all(bob, shared.asset), pattern(200'000));
}

TEST_F(AssetsLife, APendingDeliverySurvivesTheOwnersRestart) {
  bob.stop();
  const Shared shared = share(alice, "bob", pattern(10));
  alice.restart();
  bob.start();
  eventually([&] { return bob.wait(bob.assets()->find(shared.asset)).has_value(); }, "delivery after a restart");
  EXPECT_EQ(open_all(bob, shared.asset), pattern(10));
}

TEST_F(AssetsLife, WhenTheOwnerIsAway) {
  const Shared free = share(alice, "bob", pattern(300'000));
  const Shared timed = share(alice, "bob", pattern(300'000), test_clock().now() + 1h);
  for (const auto& shared : {free, timed}) {
    eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  }
  alice.stop();
  EXPECT_EQ(open_all(bob, free.asset), pattern(300'000));
  const std::string message = expect_throws(Code::unavailable, [&] { open_all(bob, timed.asset); });
  EXPECT_NE(message.find("owner"), std::string::npos);
  alice.start();
  EXPECT_EQ(open_all(bob, timed.asset), pattern(300'000));
}

TEST_F(AssetsLife, AfterItsExpiryItIsGone) {
  const Shared shared = share(alice, "bob", pattern(10), test_clock().now() + 1h);
  EXPECT_EQ(open_all(bob, shared.asset), pattern(10));
  test_clock().advance(1h);
  expect_throws(Code::gone, [&] { open_all(bob, shared.asset); });
  // Asked directly, the owner's keeper says so too, whatever the grantee's own clock and record say.
  expect_throws(Code::gone, [&] { alice.wait(alice.keeper()->release(shared.asset, bob.id())); });
  EXPECT_EQ(bob.wait(bob.assets()->find(shared.asset))->state, "expired");
  EXPECT_EQ(alice.wait(alice.assets()->find(shared.asset))->state, "expired");
}

TEST_F(AssetsLife, RevokedMeansGoneAndErased) {
  const Shared shared = share(alice, "bob", pattern(200'000));
  EXPECT_EQ(open_all(bob, shared.asset), pattern(200'000));
  ASSERT_TRUE(stored(bob, shared.asset));
  expect_throws(Code::forbidden, [&] { bob.wait(bob.assets()->revoke(shared.asset, std::nullopt)); });
  expect_throws(Code::not_found, [&] { alice.wait(alice.assets()->revoke(shared.asset, "mallory")); });
  alice.wait(alice.assets()->revoke(shared.asset, "bob"));
  eventually([&] { return !stored(bob, shared.asset); }, "the envelope is erased at bob");
  expect_throws(Code::gone, [&] { open_all(bob, shared.asset); });
  EXPECT_EQ(bob.wait(bob.assets()->find(shared.asset))->state, "revoked");
  EXPECT_EQ(alice.wait(alice.assets()->find(shared.asset))->state, "revoked");
  EXPECT_FALSE(bob.backdoor()->records().contains("received/" + shared.asset));
  alice.wait(alice.assets()->revoke(shared.asset, std::nullopt));  // twice is fine
  EXPECT_EQ(event_types(alice, shared.asset), (std::vector<std::string>{"shared", "revoked"}));
}

TEST_F(AssetsLife, ARevocationReachesWhoWasAway) {
  const Shared shared = share(alice, "bob", pattern(10));
  eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  bob.stop();
  alice.wait(alice.assets()->revoke(shared.asset, std::nullopt));
  bob.start();
  eventually([&] { return bob.wait(bob.assets()->find(shared.asset))->state == "revoked"; }, "the revocation");
  eventually([&] { return !stored(bob, shared.asset); }, "the envelope is erased");
}

TEST_F(AssetsLife, ARevocationBeforeTheAnnouncementCameHoldsUpNothing) {
  bob.stop();
  const Shared revoked = share(alice, "bob", pattern(10));
  alice.wait(alice.assets()->revoke(revoked.asset, std::nullopt));
  const Shared next = share(alice, "bob", pattern(11));
  bob.start();
  eventually([&] { return bob.wait(bob.assets()->find(next.asset)).has_value(); }, "the next asset");
  eventually(
      [&] {
        const auto records = alice.backdoor()->records();
        const auto at = records.lower_bound("outbox/");
        return at == records.end() || !at->first.starts_with("outbox/");
      },
      "an empty outbox");
  EXPECT_FALSE(bob.wait(bob.assets()->find(revoked.asset)));
  expect_throws(Code::gone, [&] { open_all(bob, revoked.asset); });
}

TEST_F(AssetsLife, ARefusedMessageHoldsUpNoOther) {
  // Bob refuses what is in the outbox before his name in order: it is no message at all.
  Batch batch;
  Bytes entry;
  append_u64be(entry, static_cast<std::uint64_t>(unix_ms(test_clock().now())));
  append(entry, "no message");
  bob.stop();
  batch.put("outbox/" + bob.id() + "/announce/0", entry);
  alice.wait(alice.records()->commit(std::move(batch)));
  const Shared shared = share(alice, "bob", pattern(10));
  bob.start();
  eventually([&] { return bob.wait(bob.assets()->find(shared.asset)).has_value(); }, "delivery beside a refused entry");
  Batch clean;
  clean.erase("outbox/" + bob.id() + "/announce/0");
  alice.wait(alice.records()->commit(std::move(clean)));
}

TEST_F(AssetsLife, ALostAnnouncementIsAskedFor) {
  bob.stop();
  const Shared shared = share(alice, "bob", pattern(10));
  Batch batch;
  batch.erase("outbox/" + bob.id() + "/announce/" + shared.asset);
  alice.wait(alice.records()->commit(std::move(batch)));
  bob.start();
  EXPECT_EQ(open_all(bob, shared.asset), pattern(10));
}

TEST_F(AssetsLife, VerifyAndProof) {
  const Shared shared = share(alice, "bob", pattern(100'000));
  eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  for (TestNode* node : {&alice, &bob}) {
    for (const bool deep : {false, true}) {
      const Verification result = node->wait(node->assets()->verify(shared.asset, deep));
      EXPECT_TRUE(result.verified) << result.reason;
      const CheckedProof checked = check_event_proof(result.proof, node->id(), node->identity()->node_key().public_key);
      EXPECT_EQ(checked.event.index, result.event->index);
      EXPECT_TRUE(checked.event.details.empty()) << "this proof shows no opening";
    }
  }
  EXPECT_FALSE(mallory.wait(mallory.assets()->verify(shared.asset, false)).verified);
}

TEST_F(AssetsLife, AProofIsCheckedOffline) {
  const Shared shared = share(alice, "bob", pattern(10));
  const std::string proof = alice.wait(alice.assets()->proof(shared.asset));
  const Bytes key = alice.identity()->node_key().public_key;
  const CheckedProof checked = check_event_proof(proof, alice.id(), key);
  EXPECT_EQ(checked.event.type, "shared");
  EXPECT_EQ(checked.event.leaf, shared.event.leaf);
  const Cbor details = decode_cbor(checked.event.details);
  EXPECT_EQ(details.at("asset").text(), shared.asset);
  EXPECT_EQ(details.at("grantee").text(), bob.id());
  const auto refused = [&](std::string_view text, const std::string& id, BytesView with) {
    try {
      check_event_proof(text, id, with);
      ADD_FAILURE() << "a wrong proof holds";
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Code::forbidden || error.code() == Code::invalid) << error.what();
    }
  };
  refused(proof, bob.id(), bob.identity()->node_key().public_key);
  refused(proof, alice.id(), bob.identity()->node_key().public_key);
  refused(proof, bob.id(), key);
}

TEST_F(AssetsLife, ADamagedEnvelopeShows) {
  const Shared shared = share(alice, "bob", pattern(100'000));
  eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  const Bytes good = bob.backdoor()->blobs().at(shared.asset);
  for (const std::size_t at : {std::size_t{0}, std::size_t{50}, std::size_t{70'000}, good.size() - 1}) {
    Bytes bad = good;
    bad[at] ^= 1;
    bob.backdoor()->put_blob(shared.asset, bad);
    EXPECT_TRUE(bob.wait(bob.assets()->verify(shared.asset, false)).verified);
    const Verification deep = bob.wait(bob.assets()->verify(shared.asset, true));
    EXPECT_FALSE(deep.verified);
    EXPECT_NE(deep.reason.find("damaged"), std::string::npos);
    expect_throws(
        Code::cannot_open, [&] { open_all(bob, shared.asset); }, "at " + std::to_string(at));
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, good.size() - 1}) {
    bob.backdoor()->put_blob(shared.asset, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_FALSE(bob.wait(bob.assets()->verify(shared.asset, true)).verified);
    expect_throws(Code::cannot_open, [&] { open_all(bob, shared.asset); });
  }
  bob.backdoor()->put_blob(shared.asset, good);
  EXPECT_EQ(open_all(bob, shared.asset), pattern(100'000));
}

TEST_F(AssetsLife, AnOwnerWithABadEnvelopeGivesNothing) {
  bob.stop();
  const Shared shared = share(alice, "bob", pattern(100'000));
  const Bytes good = alice.backdoor()->blobs().at(shared.asset);
  Bytes bad = good;
  bad[60'000] ^= 1;
  alice.backdoor()->put_blob(shared.asset, bad);
  bob.start();
  expect_throws(Code::unavailable, [&] { open_all(bob, shared.asset); });
  EXPECT_FALSE(stored(bob, shared.asset));
  EXPECT_EQ(bob.backdoor()->open_writers(), 0);
  alice.backdoor()->put_blob(shared.asset, good);
  EXPECT_EQ(open_all(bob, shared.asset), pattern(100'000));
}

TEST_F(AssetsLife, Lists) {
  const Timestamp begin = test_clock().now();
  std::vector<std::string> shared;
  for (int i = 0; i < 7; ++i) {
    test_clock().advance(10ms);
    shared.push_back(share(alice, i % 2 == 0 ? "bob" : "mallory", pattern(10)).asset);
  }
  std::reverse(shared.begin(), shared.end());
  const auto names = [&](AssetQuery query) {
    std::vector<std::string> out;
    for (const auto& info : alice.wait(alice.assets()->list(std::move(query))).assets) out.push_back(info.asset);
    return out;
  };
  EXPECT_EQ(names({begin, {}, {}, {}, {}, 100}), shared) << "newest first";
  EXPECT_EQ(names({begin, {}, "mallory", {}, {}, 100}), (std::vector{shared[1], shared[3], shared[5]}));
  EXPECT_EQ(names({begin, {}, bob.id(), "owner", {}, 100}), (std::vector{shared[0], shared[2], shared[4], shared[6]}));
  EXPECT_TRUE(names({begin, {}, {}, "grantee", {}, 100}).empty());

  const Timestamp third = alice.wait(alice.assets()->find(shared[4]))->time;
  EXPECT_EQ(names({third, {}, {}, {}, {}, 100}), std::vector(shared.begin(), shared.begin() + 5))
      << "from is inclusive";
  EXPECT_EQ(names({begin, third, {}, {}, {}, 100}), (std::vector{shared[5], shared[6]})) << "to is exclusive";

  std::vector<std::string> paged;
  AssetQuery query{begin, {}, {}, {}, {}, 3};
  int pages = 0;
  do {
    const auto page = alice.wait(alice.assets()->list(query));
    EXPECT_LE(page.assets.size(), 3u);
    for (const auto& info : page.assets) paged.push_back(info.asset);
    query.cursor = page.cursor;
    ++pages;
  } while (!query.cursor.empty() && pages < 10);
  EXPECT_EQ(paged, shared);
  EXPECT_EQ(pages, 3);
}

TEST_F(AssetsLife, BadQueries) {
  const auto refused = [&](Code code, AssetQuery query, const std::string& what) {
    expect_throws(
        code, [&] { alice.wait(alice.assets()->list(std::move(query))); }, what);
  };
  refused(Code::invalid, {{}, {}, {}, {}, {}, 0}, "limit 0");
  refused(Code::invalid, {{}, {}, {}, {}, {}, 1001}, "limit 1001");
  refused(Code::invalid, {{}, {}, {}, "thief", {}, 10}, "role");
  refused(Code::not_found, {{}, {}, "nobody", {}, {}, 10}, "recipient");
  for (const std::string& cursor :
       {std::string("x"), std::string("!!!!"), to_base64url(view("asset-time/")), to_base64url(view("key/")),
        to_base64url(view("asset-time/short")), std::string(100'000, 'A')}) {
    refused(Code::invalid, {{}, {}, {}, {}, cursor, 10}, "cursor " + cursor.substr(0, 20));
  }
  EXPECT_NO_THROW(alice.wait(
      alice.assets()->list({{}, {}, {}, {}, to_base64url(view("asset-time/" + std::string(5000, '\xff'))), 10})));
}

TEST_F(AssetsLife, TheLedgersAreSoundAtTheEnd) {
  for (TestNode* node : {&alice, &bob, &mallory}) {
    EXPECT_EQ(node->wait(node->ledger()->audit()), node->wait(node->ledger()->head()));
  }
}

}  // namespace
}  // namespace drawbridge
