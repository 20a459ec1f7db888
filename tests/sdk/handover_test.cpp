// What two generations of a component share in a reload.
#include "drawbridge/handover.h"

#include <gtest/gtest.h>

namespace drawbridge::test {
namespace {

TEST(Handover, TheLastToLeaveIsToldSoOnce) {
  Handover<int> first, second, third;
  EXPECT_FALSE(second.join(first)) << "there is nothing yet";
  EXPECT_FALSE(first.leave());
  EXPECT_FALSE(first);
  first.begin(std::make_shared<int>(7));
  EXPECT_TRUE(second.join(first));
  EXPECT_FALSE(first.leave());
  EXPECT_FALSE(first.leave()) << "again is nothing";
  EXPECT_EQ(*first, 7) << "calls may be under way";
  EXPECT_TRUE(third.join(second));
  EXPECT_FALSE(third.leave()) << "the newer one may be the one that goes";
  EXPECT_TRUE(second.leave());
  EXPECT_FALSE(second.leave());
}

TEST(ProtocolTable, TheNewestServesAndEachTakesBackItsOwn) {
  ProtocolTable table;
  int first = 0, second = 0;
  int served_by = 0;
  const auto serve = [&](const void* owner, int number) {
    table.serve(owner, "p", [&served_by, number](std::shared_ptr<Stream>) -> Task<> {
      served_by = number;
      return Task<>();
    });
  };
  const auto who = [&] {
    served_by = 0;
    const auto handler = table.find("p");
    [[maybe_unused]] const Task<> task = handler ? handler(nullptr) : Task<>();
    return served_by;
  };
  EXPECT_EQ(who(), 0);
  serve(&first, 1);
  EXPECT_THROW(serve(&first, 1), Error);
  serve(&second, 2);
  EXPECT_EQ(who(), 2);
  table.withdraw(&second, "p");
  EXPECT_EQ(who(), 1);
  serve(&second, 2);
  table.withdraw_all(&first);
  EXPECT_EQ(who(), 2);
  table.withdraw(&first, "p");
  EXPECT_EQ(who(), 2);
  table.withdraw_all(&second);
  EXPECT_EQ(who(), 0);
}

}  // namespace
}  // namespace drawbridge::test
