#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <optional>
#include <vector>

#include "condition.h"
#include "drawbridge/bytes.h"
#include "settings.h"
#include "status.h"

namespace drawbridge::rocks {

/// The column families, see docs/formats/storage-rocksdb.md.
enum class Column : std::size_t { meta, records, blobs, contents };

inline rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
inline rocksdb::Slice slice(BytesView bytes) {
  return slice(text_view(bytes));
}
inline BytesView bytes_of(const rocksdb::Slice& slice) {
  return view({slice.data(), slice.size()});
}

/// Whether a read may wait for the disk.
enum class Tier { cached, any };
enum class Answer { absent, present, not_cached };

/// One open RocksDB with the columns above. Thread-safe but for opening and closing. Throws as `to_error` tells.
class Database {
 public:
  /// Opens or creates; blocks. Refuses a database of another format.
  Database(const Settings& settings, std::shared_ptr<Condition> condition);
  ~Database();

  /// `not_cached` only with Tier::cached: the answer needs the disk.
  Answer get(Column column, std::string_view key, Tier tier, rocksdb::PinnableSlice& value) const;
  /// The same for small values; blocks.
  std::optional<Bytes> get(Column column, std::string_view key) const;

  /// Visits the entries from the first key that is not less than `from` and that begin with `prefix`, in order, until
  /// `visit` returns false. False when the rest would need the disk, only with Tier::cached.
  template <class Visit>
  bool visit(Column column, std::string_view prefix, std::string_view from, Tier tier, Visit visit) const;

  rocksdb::Status write(rocksdb::WriteBatch& batch, bool sync);
  /// Applies the sizes of other settings to the open database; blocks.
  void adjust(const Settings& settings);
  /// Tries to take writes again after a failure; blocks.
  bool resume();

  rocksdb::ColumnFamilyHandle* handle(Column column) const { return handles_[static_cast<std::size_t>(column)]; }

  /// Takes the mark of a clean end away, and whether it was there; and sets it.
  bool take_clean_mark();
  void set_clean_mark();

 private:
  const rocksdb::ReadOptions& read_options(Tier tier) const {
    return tier == Tier::cached ? cached_options_ : any_options_;
  }
  void check_format();
  void put_meta(std::string_view key, std::optional<std::string_view> value);

  const Settings settings_;
  const std::shared_ptr<Condition> condition_;
  const rocksdb::ReadOptions cached_options_;
  const rocksdb::ReadOptions any_options_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

/// The smallest key that is greater than every key with this prefix, or nothing for the prefix of the highest bytes.
std::optional<std::string> end_of_prefix(std::string_view prefix);

template <class Visit>
bool Database::visit(Column column, std::string_view prefix, std::string_view from, Tier tier, Visit visit) const {
  const auto end = end_of_prefix(prefix);
  const rocksdb::Slice bound = end ? slice(*end) : rocksdb::Slice();
  auto options = read_options(tier);
  if (end) options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, handle(column)));
  for (at->Seek(slice(from)); at->Valid(); at->Next()) {
    if (!visit(at->key(), at->value())) return true;
  }
  if (tier == Tier::cached && at->status().IsIncomplete()) return false;
  if (!at->status().ok()) throw to_error(settings_, "scan", at->status());
  return true;
}

}  // namespace drawbridge::rocks
