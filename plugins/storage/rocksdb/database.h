#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <vector>

#include "drawbridge/clock.h"
#include "drawbridge/storage/condition.h"
#include "drawbridge/storage/database.h"
#include "settings.h"

namespace drawbridge::rocks {

using storage::Answer;
using storage::Found;
using storage::Table;
using storage::Tier;
using storage::Visit;

/// One open RocksDB with a column family for each table.
class Database final : public storage::Database {
 public:
  Database(const Settings& settings, std::shared_ptr<storage::Condition> condition, const Clock& clock);
  ~Database() override;

  Answer get(Table table, std::string_view key, Tier tier, const Found& found) const override;
  bool visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const override;
  std::unique_ptr<storage::Transaction> begin(const storage::Load& load) override;

  /// Of the thread that commits only. Tries to get the engine going again after a failure.
  void write(rocksdb::WriteBatch& batch);
  /// Applies the sizes of other settings to the open database; blocks.
  void adjust(const Settings& settings);
  rocksdb::ColumnFamilyHandle* handle(Table table) const { return handles_[static_cast<std::size_t>(table)]; }

 private:
  const rocksdb::ReadOptions& read_options(Tier tier) const {
    return tier == Tier::cached ? cached_options_ : any_options_;
  }
  bool try_resume();

  const Settings settings_;
  const std::shared_ptr<storage::Condition> condition_;
  const Clock& clock_;
  const rocksdb::ReadOptions cached_options_;
  const rocksdb::ReadOptions any_options_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  Timestamp last_resume_{};
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace drawbridge::rocks
