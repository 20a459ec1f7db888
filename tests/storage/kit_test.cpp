// The parts of the kit that engines use: the checksum, the pace of reads, the pool of readers.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "drawbridge/storage/checksum.h"
#include "drawbridge/storage/pool.h"

namespace drawbridge::storage_test {
namespace {

// Values of the reference implementation.
TEST(Checksum, KnownValues) {
  EXPECT_EQ(storage::xxh64({}), 0xEF46DB3751D8E999u);
  EXPECT_EQ(storage::xxh64(view("a")), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(storage::xxh64(view("abc")), 0x44BC2CF5AD770999u);
  EXPECT_EQ(storage::xxh64(view("Nobody inspects the spammish repetition")), 0xFBCEA83C8A378BF1u);
}

TEST(Checksum, TellsKeysAndValuesApart) {
  EXPECT_NE(storage::checksum("a", view("x")), storage::checksum("b", view("x")));
  EXPECT_NE(storage::checksum("a", view("x")), storage::checksum("a", view("y")));
}

TEST(Pace, SlowReadSendsTheNextOnesAway) {
  storage::Pace pace;
  EXPECT_TRUE(pace.quick());
  pace.note(1000);
  EXPECT_TRUE(pace.quick());
  pace.note(100'000'000);
  int sent_away = 0;
  for (; !pace.quick() && sent_away < 1000; ++sent_away) pace.note(1000);
  EXPECT_GT(sent_away, 8);
  EXPECT_LT(sent_away, 1000);
}

TEST(Pool, LendsNoMoreThanItsBoundAndWaitsForNobodyInline) {
  std::atomic<int> made{0};
  storage::Pool<int> pool(2, [&] { return std::make_unique<int>(++made); });
  EXPECT_FALSE(pool.take(storage::Tier::cached)) << "to make one may need the disk";
  std::atomic<int> lent{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const auto reader = pool.take(storage::Tier::any);
        const int now = ++lent;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --lent;
      }
    });
  }
  for (int round = 0; round < 50; ++round) pool.alone([&] { EXPECT_EQ(lent, 0); });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_LE(made, 2);
}

TEST(Pool, ReaderThatCannotBeMadeTakesNoPlace) {
  bool broken = true;
  storage::Pool<int> pool(1, [&] {
    if (broken) throw Error(Code::unavailable, "broken");
    return std::make_unique<int>(1);
  });
  for (int i = 0; i < 3; ++i) EXPECT_THROW(pool.take(storage::Tier::any), Error);
  broken = false;
  EXPECT_EQ(*pool.take(storage::Tier::any), 1);
}

}  // namespace
}  // namespace drawbridge::storage_test
