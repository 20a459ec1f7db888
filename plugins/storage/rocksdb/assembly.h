#pragma once

#include <rocksdb/write_batch.h>

#include <unordered_map>

#include "committer.h"

namespace drawbridge::rocks {

/// One group on its way to the database: a write batch, and an overlay with what the group has changed so far, because
/// later members must see it although it is not written yet. Borrows from the writes that it is given.
class Assembly {
 public:
  /// With only one member nobody looks at the overlay.
  Assembly(const Settings& settings, const Database& database, std::size_t members)
      : settings_(settings), database_(database), overlay_(members > 1) {}

  /// Adds one write, or throws and adds nothing of it.
  std::optional<Entry> add(const Write& write);

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  std::optional<Entry> add_one(const Batch& batch);
  std::optional<Entry> add_one(const BlobPut& put);
  std::optional<Entry> add_one(const BlobErase& erase);

  bool holds(const Batch::Expectation& expectation) const;
  std::optional<Entry> entry_of(const std::string& id) const;
  void put(Column column, std::string_view key, BytesView value);
  void erase(Column column, std::string_view key);
  void check(const rocksdb::Status& status) const;

  const Settings& settings_;
  const Database& database_;
  const bool overlay_;
  rocksdb::WriteBatch batch_;
  std::unordered_map<std::string_view, const std::optional<Bytes>*> records_;
  std::unordered_map<std::string_view, std::optional<Entry>> entries_;
};

}  // namespace drawbridge::rocks
