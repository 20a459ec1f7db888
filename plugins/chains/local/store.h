#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drawbridge/error.h"
#include "drawbridge/records.h"
#include "tiles.h"

// Where the parts of the ledger are among the records: docs/formats/ledger.md.
namespace drawbridge {

inline constexpr std::string_view ledger_prefix = "ledger/";
inline constexpr std::string_view checkpoint_key = "ledger/checkpoint";
Key tile_key(TileId tile);
Key entry_key(std::uint64_t index);
Key opening_key(std::uint64_t index);
/// All events of a subject stand below this key. A subject is hashed, so that none is the beginning of another.
Key subject_prefix(std::string_view subject);
Key subject_key(std::string_view subject, std::uint64_t index);

Bytes tile_bytes(const Hashes& hashes);

/// What an event commits to; it may have been erased.
struct Opening {
  Bytes salt;
  Bytes details;
};
Bytes opening_bytes(const Opening& opening);

/// Error{corrupt} about this part of the ledger ("tile 0/3: …"), with what to do.
Error damage(const std::string& what);

/// Reads parts and refuses those of the wrong shape. Whether they belong together is not its business. Borrows the
/// records.
class Store {
 public:
  explicit Store(Records& records) : records_(&records) {}

  Task<std::optional<std::string>> checkpoint() const;
  /// Whether there is anything of a ledger at all.
  Task<bool> empty() const;
  Task<bool> has(Key key) const;

  /// How many hashes are stored, which may be more than some size needs.
  Task<std::uint64_t> stored_width(TileId tile) const;
  /// The hashes that a tree of this size has in the tile. Throws corrupt when they are not all there.
  Task<Hashes> tile(TileId tile, std::uint64_t size) const;
  Task<Tiles> tiles(std::set<TileId> ids, std::uint64_t size) const;

  /// `count` entries, all of which must be there.
  Task<std::vector<Bytes>> entries(std::uint64_t from, std::uint64_t count) const;
  /// Those openings of the range that are kept.
  Task<std::map<std::uint64_t, Opening>> openings(std::uint64_t from, std::uint64_t count) const;
  /// The indices that are filed under this subject, the oldest first.
  Task<std::vector<std::uint64_t>> subject(std::string name, std::size_t limit) const;

 private:
  /// The records of keys prefix + [from, from + count), by index.
  Task<std::map<std::uint64_t, Bytes>> range(Key prefix, std::uint64_t from, std::uint64_t count) const;

  Records* records_;
};

}  // namespace drawbridge
