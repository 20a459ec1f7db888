#pragma once

#include <memory>

#include "drawbridge/log.h"
#include "drawbridge/storage/pool.h"
#include "environment.h"

namespace drawbridge::lmdb {

using storage::Answer;
using storage::Tier;

/// One open LMDB: an environment, and snapshots that are taken anew for each read.
class Database final : public storage::Database {
 public:
  Database(const Settings& settings, Logger& log);

  Answer get(Table table, std::string_view key, Tier tier, const Found& found) const override;
  bool visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const override;
  std::unique_ptr<storage::Transaction> begin(const storage::Load& load) override;

  /// Applies the bound of other settings.
  void adjust(const Settings& settings) { environment_.set_max_map_bytes(settings.max_map_bytes); }

 private:
  void make_room(const storage::Load& load);

  Environment environment_;
  Logger& log_;
  mutable storage::Pool<Snapshot> readers_;
  bool told_ = false;  ///< That the map cannot grow.
};

}  // namespace drawbridge::lmdb
