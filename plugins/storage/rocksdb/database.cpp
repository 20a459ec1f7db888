#include "database.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <array>
#include <optional>
#include <unordered_map>

#include "status.h"

namespace drawbridge::rocks {
namespace {

constexpr Milliseconds resume_interval{1000};

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

BytesView bytes_of(const rocksdb::Slice& slice) {
  return view({slice.data(), slice.size()});
}

/// Tells the storage what RocksDB reports from its background threads.
class Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(std::shared_ptr<storage::Condition> condition) : condition_(std::move(condition)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    // What is damaged stays so; what the disk refused may work later, and reading goes on meanwhile.
    condition_->engine_failed(error->IsCorruption() ? Health::State::failed : Health::State::degraded,
                              error->ToString());
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) condition_->engine_recovered();
  }

 private:
  const std::shared_ptr<storage::Condition> condition_;
};

/// Small on purpose: an idle node should take little memory, and what is stored here is read by key, mostly once.
rocksdb::DBOptions database_options(const Settings& settings, std::shared_ptr<Listener> listener,
                                    std::shared_ptr<rocksdb::WriteBufferManager> write_buffers) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.write_buffer_manager = std::move(write_buffers);  // over all columns
  options.max_total_wal_size = 4 * settings.write_buffer_bytes;
  options.max_open_files = static_cast<int>(settings.max_open_files);
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 2;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 1_MiB;
  options.keep_log_file_num = 2;
  options.listeners.push_back(std::move(listener));
  // Damage in the middle of the log would take acknowledged batches with it, so it is an error unless the operator says
  // otherwise. A torn end is what a crash leaves, and was never acknowledged.
  options.wal_recovery_mode = settings.drop_damaged_log ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                                        : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

rocksdb::ColumnFamilyOptions column_options(const Settings& settings, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = settings.write_buffer_bytes;
  options.max_write_buffer_number = 2;
  options.compression = rocksdb::kNoCompression;  // it is ciphertext
  return options;
}

rocksdb::ReadOptions cached_options() {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  options.max_skippable_internal_keys = 1000;  // a long run of erased keys is not for an I/O thread
  return options;
}

/// A write batch, and an overlay with what it has changed so far, because later members of a group must see it although
/// it is not written yet. With only one member nobody looks there.
class Change final : public storage::Transaction {
 public:
  Change(Database& database, std::size_t members) : database_(database), overlaid_(members > 1) {}

  bool get(Table table, std::string_view key, const Found& found) override {
    const auto& overlay = overlay_[static_cast<std::size_t>(table)];
    const auto changed = overlay.find(key);
    if (changed == overlay.end()) return database_.get(table, key, Tier::any, found) == Answer::present;
    if (changed->second) found(*changed->second);
    return changed->second.has_value();
  }
  void put(Table table, std::string_view key, BytesView value) override {
    check(batch_.Put(database_.handle(table), slice(key), slice(text_view(value))));
    if (overlaid_) overlay_[static_cast<std::size_t>(table)][key] = value;
  }
  void erase(Table table, std::string_view key) override {
    check(batch_.Delete(database_.handle(table), slice(key)));
    if (overlaid_) overlay_[static_cast<std::size_t>(table)][key] = std::nullopt;
  }
  void commit() override { database_.write(batch_); }

 private:
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error("the write batch takes no more: " + status.ToString());
  }

  Database& database_;
  const bool overlaid_;
  rocksdb::WriteBatch batch_;
  std::array<std::unordered_map<std::string_view, std::optional<BytesView>>, storage::table_count> overlay_;
};

}  // namespace

Database::Database(const Settings& settings, std::shared_ptr<storage::Condition> condition, const Clock& clock)
    : settings_(settings),
      condition_(condition),
      clock_(clock),
      cached_options_(cached_options()),
      cache_(rocksdb::NewLRUCache(settings.cache_bytes, 2)),
      write_buffers_(std::make_shared<rocksdb::WriteBufferManager>(settings.write_buffer_bytes)) {
  const auto column = column_options(settings, cache_);
  const std::vector<rocksdb::ColumnFamilyDescriptor> columns = {
      {rocksdb::kDefaultColumnFamilyName, column}, {"records", column}, {"blobs", column}, {"contents", column}};
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(database_options(settings, std::make_shared<Listener>(std::move(condition)), write_buffers_),
                        settings.database_path(), columns, &handles_, &db);
  if (!status.ok()) throw to_open_error(settings, status);
  db_.reset(db);
}

Database::~Database() {
  if (!db_) return;
  // With `sync` every acknowledged batch is on the disk already. A log that has failed must not be touched: RocksDB
  // built with assertions would end the process.
  if (!settings_.live->sync && !condition_->engine_failed()) db_->FlushWAL(true).PermitUncheckedError();
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Answer Database::get(Table table, std::string_view key, Tier tier, const Found& found) const {
  rocksdb::PinnableSlice value;
  const auto status = db_->Get(read_options(tier), handle(table), slice(key), &value);
  // From the caches, RocksDB says "found" with no value also when it would have to open the table to know.
  if (tier == Tier::cached && status.ok() && value.empty()) return Answer::not_cached;
  if (status.ok()) found(bytes_of(value));
  if (status.ok()) return Answer::present;
  if (status.IsNotFound()) return Answer::absent;
  if (tier == Tier::cached && status.IsIncomplete()) return Answer::not_cached;
  throw to_error(settings_, "get", status);
}

bool Database::visit(Table table, std::string_view prefix, std::string_view from, Tier tier, const Visit& visit) const {
  const auto end = storage::end_of_prefix(prefix);
  const rocksdb::Slice bound = slice(end);
  auto options = read_options(tier);
  if (!end.empty()) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, handle(table)));
  for (at->Seek(slice(from)); at->Valid(); at->Next()) {
    if (!visit(at->key().ToStringView(), bytes_of(at->value()))) return true;
  }
  if (tier == Tier::cached && at->status().IsIncomplete()) return false;
  if (!at->status().ok()) throw to_error(settings_, "scan", at->status());
  return true;
}

std::unique_ptr<storage::Transaction> Database::begin(const storage::Load& load) {
  return std::make_unique<Change>(*this, load.members);
}

void Database::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = settings_.live->sync;
  auto status = db_->Write(options, &batch);
  if (!status.ok() && try_resume()) status = db_->Write(options, &batch);
  if (!status.ok()) throw to_error(settings_, "write", status);
}

void Database::adjust(const Settings& settings) {
  cache_->SetCapacity(settings.cache_bytes);
  write_buffers_->SetBufferSize(settings.write_buffer_bytes);
  const auto bytes = std::to_string(settings.write_buffer_bytes);
  auto status = db_->SetDBOptions({{"max_total_wal_size", std::to_string(4 * settings.write_buffer_bytes)},
                                   {"max_open_files", std::to_string(settings.max_open_files)}});
  for (auto* handle : handles_) {
    if (status.ok()) status = db_->SetOptions(handle, {{"write_buffer_size", bytes}});
  }
  if (!status.ok()) throw to_error(settings_, "adjust", status);
}

bool Database::try_resume() {
  if (!condition_->engine_failed()) return false;
  const auto now = clock_.now();
  if (now >= last_resume_ && now - last_resume_ < resume_interval) return false;
  last_resume_ = now;
  return db_->Resume().ok();
}

}  // namespace drawbridge::rocks
