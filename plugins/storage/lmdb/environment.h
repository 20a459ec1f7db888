#pragma once

#include <lmdb.h>

#include <atomic>
#include <memory>

#include "drawbridge/storage/database.h"
#include "settings.h"
#include "verified.h"

namespace drawbridge::lmdb {

using storage::Found;
using storage::Table;
using storage::Visit;

/// An open LMDB environment.
class Environment {
 public:
  /// Opens or creates. Throws unsupported for another kind of file, corrupt for damage.
  explicit Environment(const Settings& settings);

  MDB_env* get() const { return env_.get(); }
  MDB_dbi rows() const { return rows_; }
  const Settings& settings() const { return settings_; }

  /// Of the map, and how much of it the pages take that were ever used.
  std::uint64_t map_bytes() const;
  std::uint64_t used_bytes() const;
  /// Only while nothing reads or writes. False where the system does not give that much address space.
  bool set_map_bytes(std::uint64_t bytes);

  /// Up to where the map may grow.
  std::uint64_t max_map_bytes() const { return max_map_bytes_; }
  void set_max_map_bytes(std::uint64_t bytes) { max_map_bytes_ = bytes; }
  /// Whether a commit waits for the disk. Of the thread that writes, between transactions.
  void set_sync(bool sync);

  Verified& verified() const { return verified_; }

  /// What a failed call means to a caller.
  Error error(std::string_view action, int code) const;
  void check(std::string_view action, int code) const {
    if (code != MDB_SUCCESS) throw error(action, code);
  }

 private:
  struct Close {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };
  void check_length() const;
  void open_rows();

  const Settings settings_;
  std::unique_ptr<MDB_env, Close> env_;
  MDB_dbi rows_ = 0;
  std::atomic<std::uint64_t> max_map_bytes_;
  bool synced_;
  mutable Verified verified_;
};

/// One transaction, aborted on destruction unless it was committed.
class Snapshot {
 public:
  Snapshot(const Environment& environment, unsigned flags);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() { mdb_txn_abort(txn_); }

  MDB_txn* txn() const { return txn_; }

  bool get(Table table, std::string_view key, const Found& found) const;
  void visit(Table table, std::string_view prefix, std::string_view from, const Visit& visit) const;

  /// Of a writing one: makes it durable and ends it.
  void commit();
  /// Of a reading one: lets go of what it sees, and sees what there is now.
  void reset() { mdb_txn_reset(txn_); }
  void renew() { environment_.check("read", mdb_txn_renew(txn_)); }

 private:
  class Walk;

  const Environment& environment_;
  MDB_txn* txn_ = nullptr;
};

}  // namespace drawbridge::lmdb
