#pragma once

#include <deque>

#include "committer.h"

namespace drawbridge::storage {

/// Puts the writes of one group into one transaction. Borrows from the writes that it is given.
class Assembly {
 public:
  Assembly(const Settings& settings, Transaction& transaction) : settings_(settings), transaction_(transaction) {}

  /// Adds one write, or throws; unless it was `halfway`, nothing of it has been added then. Returns as
  /// `Committer::commit`.
  std::optional<Entry> add(const Write& write);

  bool halfway() const { return halfway_; }
  /// Whether there is anything to commit.
  bool changed() const { return changed_; }

 private:
  std::optional<Entry> add_one(const Batch& batch);
  std::optional<Entry> add_one(const BlobPut& put);
  std::optional<Entry> add_one(const BlobErase& erase);

  bool holds(const Batch::Expectation& expectation) const;
  std::optional<Entry> entry_of(const std::string& id) const;
  void put(Table table, std::string_view key, BytesView value);
  void erase(Table table, std::string_view key);
  std::string_view hold(std::string key);

  const Settings& settings_;
  Transaction& transaction_;
  bool halfway_ = false;
  bool changed_ = false;
  std::deque<std::string> held_;  ///< What the transaction borrows and no write owns.
};

}  // namespace drawbridge::storage
