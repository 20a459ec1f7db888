#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/component.h"

namespace drawbridge {

/// A key of a record: any bytes, 1 to 1 024 of them, ordered bytewise (unsigned).
using Key = std::string;

struct Record {
  Key key;
  Bytes value;
  friend bool operator==(const Record&, const Record&) = default;
};

/// A list of changes that happen together or not at all, and only if every precondition holds.
///
///     Batch b;
///     b.expect_absent("grant/7").put("grant/7", value).erase("pending/7");
///     co_await records.commit(std::move(b));
///
/// Preconditions see the state before the batch. Of several changes to one key the last one counts.
class DRAWBRIDGE_API Batch {
 public:
  struct Change {
    Key key;
    std::optional<Bytes> value;  ///< Nothing: erase.
  };
  struct Expectation {
    Key key;
    std::optional<Bytes> value;  ///< Nothing: the key must be absent.
  };

  Batch& put(Key key, Bytes value);
  Batch& erase(Key key);
  Batch& expect(Key key, Bytes value);
  Batch& expect_absent(Key key);

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Expectation>& expectations() const { return expectations_; }
  bool empty() const { return changes_.empty() && expectations_.empty(); }

  /// Throws Error{invalid} for a key that is empty or over 1 024 bytes, Error{too_large} for a value over 16 MiB
  /// or more than 65 536 changes. Every implementation calls it first.
  void validate() const;

 private:
  std::vector<Change> changes_;
  std::vector<Expectation> expectations_;
};

/// Small mutable key/value pairs. Values are opaque: a storage never sees plaintext of users.
/// All methods are thread-safe. Errors besides those named: unavailable (the engine cannot serve), corrupt.
class DRAWBRIDGE_API Records : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Records";
  static constexpr std::size_t max_key_bytes = 1024;
  static constexpr std::uint64_t max_value_bytes = 16_MiB;
  static constexpr std::size_t max_page = 4096;
  static constexpr std::uint64_t max_page_bytes = 32_MiB;

  ~Records() override;

  /// The value, or nothing. A key that no batch could hold is simply absent.
  virtual Task<std::optional<Bytes>> get(Key key) = 0;

  struct Page {
    std::vector<Record> records;
    bool more = false;  ///< There is at least one further record behind the last of this page.
  };
  /// Records whose key starts with `prefix` (may be empty) and is greater than `after` (empty: from the start), in
  /// key order, at most `limit` (1 to 4 096, else invalid). A page ends early once its values exceed `max_page_bytes`,
  /// so go by `more`, never by the count. A page is a consistent snapshot; a scan over pages is not.
  virtual Task<Page> scan(Key prefix, Key after, std::size_t limit) = 0;

  /// Applies the batch; when it returns, the batch survives `kill -9` and power loss (unless the storage is documented
  /// as volatile). Throws conflict when a precondition fails, and then nothing has changed.
  virtual Task<> commit(Batch batch) = 0;
};

}  // namespace drawbridge
