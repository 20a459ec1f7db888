// keeper.owner passes the suite of its facet.
#include "drawbridge/testkit/keeper_suite.h"
#include "fixture.h"
#include "support/suite.h"

namespace drawbridge {
namespace {

/// The nodes that the tests of this folder share.
class SharedNodes final : public testkit::KeeperNodes {
 public:
  void run(Task<> task) override { test::nodes().alice.wait(std::move(task)); }
  Keeper& keeper() override { return *test::nodes().alice.keeper(); }
  Identity& owner() override { return *test::nodes().alice.identity(); }
  Identity& grantee() override { return *test::nodes().bob.identity(); }
  void restart() override { test::nodes().alice.restart(); }
};

[[maybe_unused]] const bool registered =
    (support::register_cases<testkit::KeeperCase>("OwnerKeeper", testkit::keeper_suite(),
                                                  [](const testkit::KeeperCase& test) {
                                                    SharedNodes nodes;
                                                    test.run(nodes);
                                                  }),
     true);

}  // namespace
}  // namespace drawbridge
