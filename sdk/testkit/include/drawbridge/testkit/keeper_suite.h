#pragma once

#include "drawbridge/keeper.h"
#include "drawbridge/testkit/bench.h"

namespace drawbridge::testkit {

/// An owner's node with the keeper under test, and a grantee's node whose card the owner has.
class DRAWBRIDGE_API KeeperNodes : public Runner {
 public:
  ~KeeperNodes() override;

  virtual Keeper& keeper() = 0;  ///< Another one after each restart.
  virtual Identity& owner() = 0;
  virtual Identity& grantee() = 0;
  virtual void restart() = 0;
};

struct KeeperCase {
  std::string name;
  std::function<void(KeeperNodes&)> run;
};

/// What every keeper must do. The cases share no asset, and may share their nodes. They use the time of the system.
DRAWBRIDGE_API std::vector<KeeperCase> keeper_suite();

}  // namespace drawbridge::testkit
