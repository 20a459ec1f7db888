#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "drawbridge/bytes.h"
#include "drawbridge/export.h"

namespace drawbridge::storage {

/// What a database keeps: pairs of key and value, ordered bytewise, in four tables. `meta` is small and the kit's own,
/// keys are up to 1 024 bytes in `records`, up to 128 in the others; values up to 16 MiB.
enum class Table : std::size_t { meta, records, blobs, contents };
constexpr std::size_t table_count = 4;

/// Whether a read may wait for the disk.
enum class Tier { cached, any };
enum class Answer { absent, present, not_cached };

/// Takes a value; the bytes are valid during the call only.
using Found = std::function<void(BytesView value)>;
/// Takes an entry and says whether to go on.
using Visit = std::function<bool(std::string_view key, BytesView value)>;

/// What a transaction will carry.
struct Load {
  std::size_t members = 1;  ///< Writes that know nothing of each other; a later one sees what the earlier changed.
  std::size_t changes = 1;
  std::uint64_t bytes = 0;
  bool puts = true;  ///< False: it only erases, which has to work also where there is no room.
};

/// One change of a database. Used by one thread; destroyed without `commit` it leaves no trace. What is passed in
/// must live until then. Errors as those of Database.
class DRAWBRIDGE_API Transaction {
 public:
  virtual ~Transaction();

  /// With what this transaction has changed so far. `found` is called when there is such a key.
  virtual bool get(Table table, std::string_view key, const Found& found) = 0;
  virtual void put(Table table, std::string_view key, BytesView value) = 0;
  /// A key that is not there is no error.
  virtual void erase(Table table, std::string_view key) = 0;
  /// All or nothing; durable when it returns, unless `sync` is off. Called last, once.
  virtual void commit() = 0;
};

/// What an engine has to do to become a storage; `EngineStorage` does the rest. Opened by the plugin, closed by its
/// destructor. Blocks, but for reads with Tier::cached. Reads come from any thread and see whole transactions only.
/// Throws unavailable for what may pass, corrupt for damage.
class DRAWBRIDGE_API Database {
 public:
  virtual ~Database();

  /// `not_cached` only with Tier::cached: the answer may need the disk.
  virtual Answer get(Table table, std::string_view key, Tier tier, const Found& found) const = 0;

  /// Visits the entries from the first key that is not less than `from` and that begin with `prefix`, in order and in
  /// one snapshot, until `visit` returns false. False when the rest may need the disk, only with Tier::cached.
  virtual bool visit(Table table, std::string_view prefix, std::string_view from, Tier tier,
                     const Visit& visit) const = 0;

  /// Begins a change; at most one at a time, used by the thread that began it.
  virtual std::unique_ptr<Transaction> begin(const Load& load) = 0;
};

/// Applies other settings to a database that is open; blocks. It may run beside reads and a transaction.
using Adjust = std::function<void(Database&)>;

/// The smallest key that is greater than every key with this prefix; empty for the prefix of the highest bytes.
DRAWBRIDGE_API std::string end_of_prefix(std::string_view prefix);

}  // namespace drawbridge::storage
