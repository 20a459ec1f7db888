#include "database.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace drawbridge::rocks {
namespace {

constexpr std::string_view format_key = "format";
constexpr std::string_view format_name = "drawbridge.storage-rocksdb/1";
constexpr std::string_view clean_key = "clean";

/// Small on purpose: an idle node should take little memory, and what is stored here is read by key, mostly once.
rocksdb::DBOptions database_options(const Settings& settings, std::shared_ptr<Condition> condition,
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
  options.listeners.push_back(std::move(condition));
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

}  // namespace

Database::Database(const Settings& settings, std::shared_ptr<Condition> condition)
    : settings_(settings),
      condition_(condition),
      cached_options_(cached_options()),
      cache_(rocksdb::NewLRUCache(settings.cache_bytes, 2)),
      write_buffers_(std::make_shared<rocksdb::WriteBufferManager>(settings.write_buffer_bytes)) {
  const auto column = column_options(settings, cache_);
  const std::vector<rocksdb::ColumnFamilyDescriptor> columns = {
      {rocksdb::kDefaultColumnFamilyName, column}, {"records", column}, {"blobs", column}, {"contents", column}};
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(database_options(settings, std::move(condition), write_buffers_),
                                        settings.database_path(), columns, &handles_, &db);
  if (!status.ok()) throw to_open_error(settings, status);
  db_.reset(db);
  check_format();
}

Database::~Database() {
  if (!db_) return;
  // With `sync` every acknowledged batch is on the disk already. A log that has failed must not be touched: RocksDB
  // built with assertions would end the process.
  if (!settings_.live->sync && !condition_->engine_failed()) db_->FlushWAL(true).PermitUncheckedError();
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Answer Database::get(Column column, std::string_view key, Tier tier, rocksdb::PinnableSlice& value) const {
  const auto status = db_->Get(read_options(tier), handle(column), slice(key), &value);
  // From the caches, RocksDB says "found" with no value also when it would have to open the table to know.
  if (tier == Tier::cached && status.ok() && value.empty()) return Answer::not_cached;
  if (status.ok()) return Answer::present;
  if (status.IsNotFound()) return Answer::absent;
  if (tier == Tier::cached && status.IsIncomplete()) return Answer::not_cached;
  throw to_error(settings_, "get", status);
}

std::optional<Bytes> Database::get(Column column, std::string_view key) const {
  rocksdb::PinnableSlice value;
  if (get(column, key, Tier::any, value) == Answer::absent) return std::nullopt;
  return to_bytes(bytes_of(value));
}

rocksdb::Status Database::write(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return db_->Write(options, &batch);
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

bool Database::resume() {
  return db_->Resume().ok();
}

void Database::put_meta(std::string_view key, std::optional<std::string_view> value) {
  rocksdb::WriteBatch batch;
  const auto status = value ? batch.Put(handle(Column::meta), slice(key), slice(*value))
                            : batch.Delete(handle(Column::meta), slice(key));
  if (!status.ok()) throw to_error(settings_, "write", status);
  if (const auto written = write(batch, true); !written.ok()) throw to_error(settings_, "write", written);
}

void Database::check_format() {
  const auto found = get(Column::meta, format_key);
  if (!found) {
    put_meta(format_key, format_name);
  } else if (text_view(*found) != format_name) {
    throw Error(Code::unsupported, "storage '" + settings_.name + "': open: '" + settings_.path + "' has the format '" +
                                       to_text(*found) + "', this program reads '" + std::string(format_name) + "'");
  }
}

bool Database::take_clean_mark() {
  const bool clean = get(Column::meta, clean_key).has_value();
  if (clean) put_meta(clean_key, std::nullopt);
  return clean;
}

void Database::set_clean_mark() {
  put_meta(clean_key, "1");
}

std::optional<std::string> end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace drawbridge::rocks
