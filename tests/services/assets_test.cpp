// Sharing and opening between nodes of one process.
#include "drawbridge/checkpoint.h"
#include "sharing.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

class AssetsTest : public testing::Test {
 protected:
  TestNode& alice = nodes().alice;
  TestNode& bob = nodes().bob;
  TestNode& mallory = nodes().mallory;
};

TEST_F(AssetsTest, RoundTripsOfManySizes) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{8192}, std::size_t{65'500}, std::size_t{65'535},
        std::size_t{65'536}, std::size_t{65'537}, std::size_t{131'072}, std::size_t{1'048'575}, std::size_t{1'048'576},
        std::size_t{1'048'577}, std::size_t{3u << 20}}) {
    const Bytes content = pattern(size);
    const Shared shared = share(alice, "bob", content);
    EXPECT_EQ(shared.content_size, size);
    EXPECT_EQ(shared.recipient, bob.id());
    EXPECT_EQ(shared.suite, "fernet");
    EXPECT_TRUE(shared.delivered);
    EXPECT_TRUE(shared.asset.starts_with("sha256:"));
    EXPECT_EQ(open_all(bob, shared.asset), content) << size;
    EXPECT_EQ(open_all(alice, shared.asset), content) << size;
  }
}

TEST_F(AssetsTest, TwentyMebibytesStream) {
  const Bytes content = pattern(20u << 20);
  const Shared shared = share(alice, "bob", content);
  EXPECT_EQ(open_all(bob, shared.asset, 1u << 20), content);
}

TEST_F(AssetsTest, TheSameContentTwiceIsTwoAssets) {
  const Shared first = share(alice, "bob", pattern(100));
  const Shared second = share(alice, "bob", pattern(100));
  EXPECT_NE(first.asset, second.asset);
}

TEST_F(AssetsTest, Ranges) {
  const Bytes content = pattern(400'000);
  const Shared shared = share(alice, "bob", content);
  const auto opened = bob.wait(bob.assets()->open(shared.asset));
  EXPECT_EQ(opened->info().content_size, content.size());
  EXPECT_EQ(opened->info().info.name, "report.pdf");
  EXPECT_EQ(opened->info().info.type, "application/pdf");
  for (const std::uint64_t offset : {0u, 1u, 65'000u, 65'510u, 65'536u, 131'071u, 200'000u, 399'999u}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{70'000}, std::size_t{400'000}}) {
      Bytes out(size);
      const std::size_t expected = std::min<std::size_t>(size, content.size() - offset);
      ASSERT_EQ(bob.wait(opened->read(offset, out)), expected);
      ASSERT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(expected),
                             content.begin() + static_cast<std::ptrdiff_t>(offset)))
          << offset << " " << size;
    }
  }
  Bytes out(10);
  EXPECT_EQ(bob.wait(opened->read(400'000, out)), 0u);
  EXPECT_EQ(bob.wait(opened->read(std::uint64_t{1} << 60, out)), 0u);
  EXPECT_EQ(bob.wait(opened->read(0, {})), 0u);
}

/// Long enough that a read is opened in several steps at once.
constexpr std::size_t long_size = (5u << 20) + 12'345;

TEST_F(AssetsTest, LongRangesCrossSteps) {
  const Bytes content = pattern(long_size);
  const Shared shared = share(alice, "bob", content);
  EXPECT_TRUE(alice.wait(alice.assets()->verify(shared.asset, true)).verified);
  for (const std::size_t step : {std::size_t{1} << 20, std::size_t{700'001}, std::size_t{2} << 20, long_size}) {
    EXPECT_EQ(open_all(bob, shared.asset, step), content) << step;
  }
  // Forth and back, so that what an earlier read kept is once of use and once in the way.
  const auto opened = bob.wait(bob.assets()->open(shared.asset));
  for (const std::size_t offset : {4'000'000u, 524'288u, 524'200u, 3'000'000u, 65'000u, 65'100u, 1u, 4'100'000u, 0u}) {
    for (const std::size_t size : {std::size_t{100}, std::size_t{66'000}, std::size_t{1'500'000}, long_size}) {
      Bytes out(size);
      const std::size_t expected = std::min(size, content.size() - offset);
      ASSERT_EQ(bob.wait(opened->read(offset, out)), expected);
      ASSERT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(expected),
                             content.begin() + static_cast<std::ptrdiff_t>(offset)))
          << offset << " " << size;
    }
  }
}

TEST_F(AssetsTest, ADamagedChunkInTheMiddleGivesNoneOfItsBytes) {
  constexpr std::size_t chunk = EnvelopeSealer::default_chunk_bytes;
  const Bytes content = pattern(long_size);
  const Shared shared = share(alice, "bob", content);
  eventually([&] { return stored(bob, shared.asset); }, "prefetch");
  Bytes bad = bob.backdoor()->blobs().at(shared.asset);
  for (const std::size_t at : {std::size_t{600'000}, std::size_t{3'000'000}, std::size_t{5'000'000}}) bad[at] ^= 1;
  bob.backdoor()->put_blob(shared.asset, bad);
  const auto opened = bob.wait(bob.assets()->open(shared.asset));
  for (int round = 0; round < 3; ++round) {
    Bytes out(long_size, 0);
    expect_throws(Code::cannot_open, [&] { bob.wait(opened->read(0, out)); });
    for (const std::size_t at : {600'000u, 3'000'000u, 5'000'000u}) {  // two chunks around what lies in the damaged one
      const std::size_t middle = at / chunk * chunk + chunk / 2;
      EXPECT_EQ(std::count(out.begin() + static_cast<std::ptrdiff_t>(middle),
                           out.begin() + static_cast<std::ptrdiff_t>(middle + 1000), 0),
                1000)
          << at;
    }
    // The rest opens, before and between.
    for (const std::size_t offset : {0u, 1'000'000u, 4'000'000u}) {
      Bytes part(500'000);
      ASSERT_EQ(bob.wait(opened->read(offset, part)), part.size());
      EXPECT_TRUE(std::equal(part.begin(), part.end(), content.begin() + static_cast<std::ptrdiff_t>(offset)));
    }
  }
  // Cut off while it is read.
  bad.resize(bad.size() / 2);
  bob.backdoor()->put_blob(shared.asset, bad);
  Bytes out(long_size);
  expect_throws(Code::cannot_open, [&] { bob.wait(opened->read(0, out)); });
}

TEST_F(AssetsTest, AStorageThatFailsInTheMiddleEndsTheShare) {
  const auto records = alice.backdoor()->records();
  const auto blobs = alice.backdoor()->blobs();
  for (const std::size_t room : {std::size_t{0}, std::size_t{1'500'000}, std::size_t{5'000'000}}) {
    alice.backdoor()->room_for_blobs() = room;
    expect_throws(Code::unavailable, [&] { share(alice, "bob", pattern(6'000'000)); });
    alice.backdoor()->room_for_blobs() = SIZE_MAX;
    EXPECT_EQ(alice.backdoor()->records(), records);
    EXPECT_EQ(alice.backdoor()->blobs(), blobs);
    EXPECT_EQ(alice.backdoor()->open_writers(), 0);
  }
}

TEST_F(AssetsTest, RecipientsByNameIdAndBeginning) {
  for (const std::string& who : {std::string("bob"), bob.id(), bob.id().substr(0, 20)}) {
    EXPECT_EQ(share(alice, who, pattern(5)).recipient, bob.id()) << who;
  }
}

TEST_F(AssetsTest, ForItself) {
  for (const std::string& who : {std::string("alice"), alice.id()}) {
    const Shared shared = share(alice, who, pattern(77));
    EXPECT_EQ(shared.recipient, alice.id());
    EXPECT_TRUE(shared.delivered);
    EXPECT_EQ(open_all(alice, shared.asset), pattern(77));
    expect_throws(Code::forbidden, [&] { open_all(bob, shared.asset); });
    alice.wait(alice.assets()->revoke(shared.asset, std::nullopt));
  }
}

TEST_F(AssetsTest, NothingIsReadForAnUnknownRecipientOrAPastExpiry) {
  const auto events = alice.wait(alice.ledger()->head()).size;
  BufferSource source(pattern(10));
  for (const auto* who :
       {"nobody", "", "node_00000000", "node_0000000000000000000000000000000000000000000000000000000000000000"}) {
    expect_throws(
        Code::not_found,
        [&] {
          alice.wait(alice.assets()->share({who, {}, {}}, source));
        },
        who);
  }
  for (const auto age : {Milliseconds(0), Milliseconds(1), Milliseconds(3'600'000)}) {
    expect_throws(Code::invalid, [&] {
      alice.wait(alice.assets()->share({"bob", {}, test_clock().now() - age}, source));
    });
  }
  EXPECT_FALSE(source.was_read);
  EXPECT_EQ(alice.wait(alice.ledger()->head()).size, events);
}

TEST_F(AssetsTest, BadContentInfoIsRefused) {
  for (const ContentInfo& info : {ContentInfo{std::string(1025, 'x'), ""}, ContentInfo{"\xff", ""}}) {
    expect_throws(Code::invalid, [&] { share(alice, "bob", pattern(1), {}, info); });
  }
}

TEST_F(AssetsTest, AnUploadThatBreaksOffLeavesNothing) {
  for (const std::size_t fail_at :
       {std::size_t{0}, std::size_t{50'000}, std::size_t{1'200'000}, std::size_t{5'000'000}}) {
    const auto records = alice.backdoor()->records();
    const auto blobs = alice.backdoor()->blobs();
    BufferSource source(pattern(6'000'000), fail_at);
    expect_throws(Code::unavailable, [&] { alice.wait(alice.assets()->share({"bob", {}, {}}, source)); });
    EXPECT_EQ(alice.backdoor()->records(), records);
    EXPECT_EQ(alice.backdoor()->blobs(), blobs);
    EXPECT_EQ(alice.backdoor()->open_writers(), 0);
  }
}

TEST_F(AssetsTest, MalloryIsForbidden) {
  const Shared shared = share(alice, "bob", pattern(10));
  expect_throws(Code::forbidden, [&] { open_all(mallory, shared.asset); });
  EXPECT_FALSE(stored(mallory, shared.asset));
  EXPECT_FALSE(mallory.wait(mallory.assets()->find(shared.asset)));
}

TEST_F(AssetsTest, UnknownAndMalformedHashes) {
  const std::string unknown = "sha256:" + std::string(64, '0');
  expect_throws(Code::not_found, [&] { open_all(bob, unknown); });
  expect_throws(Code::not_found, [&] { bob.wait(bob.assets()->revoke(unknown, std::nullopt)); });
  expect_throws(Code::not_found, [&] { bob.wait(bob.assets()->proof(unknown)); });
  EXPECT_FALSE(bob.wait(bob.assets()->find(unknown)));
  EXPECT_FALSE(bob.wait(bob.assets()->verify(unknown, true)).verified);
  for (const std::string& bad : {std::string(), std::string("sha256:"), std::string(63, 'a'), std::string(65, 'a'),
                                 "sha256:" + std::string(64, 'A'), "blake3:" + std::string(64, 'a'),
                                 std::string("../../etc"), "sha256:" + std::string(63, 'a') + "\n"}) {
    expect_throws(
        Code::invalid, [&] { open_all(bob, bad); }, bad);
    expect_throws(
        Code::invalid, [&] { bob.wait(bob.assets()->find(bad)); }, bad);
    expect_throws(
        Code::invalid, [&] { bob.wait(bob.assets()->verify(bad, false)); }, bad);
  }
}

TEST_F(AssetsTest, AHashWithoutItsPrefix) {
  const Shared shared = share(alice, "bob", pattern(10));
  EXPECT_EQ(open_all(bob, shared.asset.substr(7)), pattern(10));
  EXPECT_EQ(bob.wait(bob.assets()->find(shared.asset.substr(7)))->asset, shared.asset);
}

TEST_F(AssetsTest, WhatEachSideSees) {
  const Timestamp expires = test_clock().now() + 1h;
  const Shared shared = share(alice, "bob", pattern(1000), expires);
  const auto own = alice.wait(alice.assets()->find(shared.asset)).value();
  EXPECT_EQ(own.role, "owner");
  EXPECT_EQ(own.owner, alice.id());
  EXPECT_EQ(own.grantees, std::vector<std::string>{bob.id()});
  EXPECT_EQ(own.info.name, "report.pdf");
  EXPECT_EQ(own.content_size, 1000u);
  EXPECT_GT(own.envelope_size, 1000u);
  EXPECT_EQ(own.expires, expires);
  EXPECT_EQ(own.state, "active");
  EXPECT_EQ(own.delivery, "delivered");

  const auto before = bob.wait(bob.assets()->find(shared.asset)).value();
  EXPECT_EQ(before.role, "grantee");
  EXPECT_EQ(before.owner, alice.id());
  EXPECT_EQ(before.info.name, "") << "the name is inside the envelope";
  EXPECT_EQ(before.content_size, 0u);
  EXPECT_EQ(before.expires, expires);
  EXPECT_EQ(before.time, own.time);
  open_all(bob, shared.asset);
  const auto after = bob.wait(bob.assets()->find(shared.asset)).value();
  EXPECT_EQ(after.info.name, "report.pdf");
  EXPECT_EQ(after.content_size, 1000u);
  EXPECT_EQ(after.delivery, "stored");
}

TEST_F(AssetsTest, NothingStoredShowsTheContentOrItsName) {
  const std::string secret = "a-needle-that-must-not-show-anywhere";
  const Shared shared = share(alice, "bob", to_bytes(secret), {}, {secret + ".txt", secret});
  open_all(bob, shared.asset);
  for (TestNode* node : {&alice, &bob}) {
    for (const auto& [key, value] : node->backdoor()->records()) {
      EXPECT_EQ(key.find(secret), std::string::npos);
      EXPECT_EQ(text_view(value).find(secret), std::string_view::npos) << key;
    }
    for (const auto& [id, bytes] : node->backdoor()->blobs())
      EXPECT_EQ(text_view(bytes).find(secret), std::string_view::npos);
  }
}

TEST_F(AssetsTest, FiftySharesAtOnce) {
  std::vector<std::unique_ptr<BufferSource>> sources;
  std::vector<std::thread> threads;
  std::vector<std::string> assets(50);
  for (std::size_t i = 0; i < assets.size(); ++i) {
    threads.emplace_back([&, i] { assets[i] = share(alice, "bob", pattern(1000 * i)).asset; });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < assets.size(); ++i) EXPECT_EQ(open_all(bob, assets[i]), pattern(1000 * i)) << i;
  EXPECT_GE(alice.wait(alice.ledger()->audit()).size, 50u);
  EXPECT_GE(bob.wait(bob.ledger()->audit()).size, 100u);
}

TEST_F(AssetsTest, EveryStepIsAnEvent) {
  const Shared shared = share(alice, "bob", pattern(10), test_clock().now() + 1h);
  EXPECT_EQ(shared.event.type, "shared");
  open_all(bob, shared.asset);
  bob.wait(bob.assets()->export_chunk(shared.asset, 0));
  alice.wait(alice.assets()->revoke(shared.asset, "bob"));
  EXPECT_EQ(event_types(alice, shared.asset), (std::vector<std::string>{"shared", "released", "released", "revoked"}));
  eventually([&] { return event_types(bob, shared.asset).size() == 4; }, "bob's events");
  EXPECT_EQ(event_types(bob, shared.asset), (std::vector<std::string>{"received", "opened", "exported", "revoked"}));
}

TEST_F(AssetsTest, ExportedChunkIsOpenedByItsKeyAlone) {
  const Shared shared = share(alice, "bob", pattern(100'000));
  const PortableChunk chunk = bob.wait(bob.assets()->export_chunk(shared.asset, 1));
  EXPECT_EQ(chunk.index, 1u);
  EXPECT_EQ(chunk.count, 2u);
  EXPECT_FALSE(chunk.key.empty());
  EXPECT_EQ(chunk.sealed.front(), 0x80);
  expect_throws(Code::invalid, [&] { bob.wait(bob.assets()->export_chunk(shared.asset, 2)); });
  expect_throws(Code::forbidden, [&] { mallory.wait(mallory.assets()->export_chunk(shared.asset, 0)); });
}

}  // namespace
}  // namespace drawbridge
