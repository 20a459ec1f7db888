#include "engines.h"

#include <lmdb.h>
#include <rocksdb/db.h>
#include <sqlite3.h>

#include <cstdlib>
#include <mutex>

namespace drawbridge {
namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

class BareRocksdb final : public BareEngine {
 public:
  explicit BareRocksdb(const std::filesystem::path& folder) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 16_MiB;  // as the plugin's default
    rocksdb::DB* db = nullptr;
    demand(rocksdb::DB::Open(options, (folder / "bare-rocksdb").string(), &db).ok());
    db_.reset(db);
  }
  std::string get(const std::string& key) override {
    std::string out;
    demand(db_->Get({}, key, &out).ok());
    return out;
  }
  void put(const std::string& key, BytesView value) override {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    demand(db_->Put(synced, key, slice(value)).ok());
  }
  void fill(const std::vector<std::string>& keys, BytesView value) override {
    for (const auto& key : keys) db_->Put({}, key, slice(value));
  }

 private:
  static rocksdb::Slice slice(BytesView value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  std::unique_ptr<rocksdb::DB> db_;
};

/// One connection in WAL mode; writers take turns.
class BareSqlite final : public BareEngine {
 public:
  explicit BareSqlite(const std::filesystem::path& folder) {
    demand(sqlite3_open((folder / "bare.sqlite").c_str(), &db_) == SQLITE_OK);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE records (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)");
    get_ = prepare("SELECT value FROM records WHERE key = ?1");
    put_ = prepare(
        "INSERT INTO records (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  }
  ~BareSqlite() override {
    sqlite3_finalize(get_);
    sqlite3_finalize(put_);
    sqlite3_close(db_);
  }
  std::string get(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    sqlite3_bind_blob(get_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    demand(sqlite3_step(get_) == SQLITE_ROW);
    std::string out(static_cast<const char*>(sqlite3_column_blob(get_, 0)),
                    static_cast<std::size_t>(sqlite3_column_bytes(get_, 0)));
    sqlite3_reset(get_);
    return out;
  }
  void put(const std::string& key, BytesView value) override {
    const std::lock_guard lock(mutex_);
    sqlite3_bind_blob(put_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(put_, 2, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    demand(sqlite3_step(put_) == SQLITE_DONE);
    sqlite3_reset(put_);
  }
  void fill(const std::vector<std::string>& keys, BytesView value) override {
    run("BEGIN");
    for (const auto& key : keys) put(key, value);
    run("COMMIT");
  }

 private:
  void run(const char* sql) { demand(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    demand(sqlite3_prepare_v2(db_, sql, -1, &made, nullptr) == SQLITE_OK);
    return made;
  }

  std::mutex mutex_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* get_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
};

/// A transaction for each call; LMDB lets writers take turns.
class BareLmdb final : public BareEngine {
 public:
  explicit BareLmdb(const std::filesystem::path& folder) {
    demand(mdb_env_create(&env_) == 0);
    mdb_env_set_mapsize(env_, 1_GiB);
    demand(mdb_env_open(env_, (folder / "bare.mdb").c_str(), MDB_NOSUBDIR, 0600) == 0);
    MDB_txn* txn = begin(0);
    demand(mdb_dbi_open(txn, nullptr, 0, &table_) == 0);
    demand(mdb_txn_commit(txn) == 0);
  }
  ~BareLmdb() override { mdb_env_close(env_); }
  std::string get(const std::string& key) override {
    MDB_txn* txn = begin(MDB_RDONLY);
    MDB_val at = value_of(key), found;
    demand(mdb_get(txn, table_, &at, &found) == 0);
    std::string out(static_cast<const char*>(found.mv_data), found.mv_size);
    mdb_txn_abort(txn);
    return out;
  }
  void put(const std::string& key, BytesView value) override {
    MDB_txn* txn = begin(0);
    put(txn, key, value);
    demand(mdb_txn_commit(txn) == 0);
  }
  void fill(const std::vector<std::string>& keys, BytesView value) override {
    MDB_txn* txn = begin(0);
    for (const auto& key : keys) put(txn, key, value);
    demand(mdb_txn_commit(txn) == 0);
  }

 private:
  static MDB_val value_of(const std::string& key) { return {key.size(), const_cast<char*>(key.data())}; }
  MDB_txn* begin(unsigned flags) {
    MDB_txn* txn = nullptr;
    demand(mdb_txn_begin(env_, nullptr, flags, &txn) == 0);
    return txn;
  }
  void put(MDB_txn* txn, const std::string& key, BytesView value) {
    MDB_val at = value_of(key), bytes{value.size(), const_cast<std::uint8_t*>(value.data())};
    demand(mdb_put(txn, table_, &at, &bytes, 0) == 0);
  }

  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
};

template <class Engine>
std::unique_ptr<BareEngine> open_bare(const std::filesystem::path& folder) {
  return std::make_unique<Engine>(folder);
}

}  // namespace

const std::map<std::string, OpenBare>& bare_engines() {
  static const std::map<std::string, OpenBare> engines = {
      {"rocksdb", open_bare<BareRocksdb>}, {"sqlite", open_bare<BareSqlite>}, {"lmdb", open_bare<BareLmdb>}};
  return engines;
}

}  // namespace drawbridge
