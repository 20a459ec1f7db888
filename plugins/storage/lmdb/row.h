#pragma once

#include <lmdb.h>

#include <array>
#include <string_view>

#include "drawbridge/bytes.h"
#include "drawbridge/storage/database.h"

namespace drawbridge::lmdb {

// All tables are in one database of LMDB, because it looks up a named one anew in each transaction: the first byte of a
// row's key is the table's number.
//
// LMDB takes keys of up to 511 bytes, Records has some of up to 1 024. A long key is stored under its beginning and a
// hash, the rest of it is in front of the value. Rows of long keys with the same beginning are next to each other, in
// the order of their hashes; whoever scans puts them in the right one.

constexpr std::size_t row_key_bytes = 511;
constexpr std::size_t hash_bytes = 16;
constexpr std::size_t head_bytes = row_key_bytes - 1 - hash_bytes;

inline bool is_long(std::string_view key) {
  return key.size() > head_bytes;
}
/// Of the key of a row; only those of long keys have this length.
inline bool is_long_row(const MDB_val& row) {
  return row.mv_size == row_key_bytes;
}

inline std::string_view text_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

inline char byte_of(storage::Table table) {
  return static_cast<char>(table);
}

/// The key of the row of a key.
class RowKey {
 public:
  RowKey(storage::Table table, std::string_view key);
  /// Valid as long as this is.
  MDB_val value() { return {size_, bytes_.data()}; }

 private:
  std::array<char, row_key_bytes> bytes_;
  std::size_t size_;
};

/// The bytes of a row: for a long key the length of the rest (2 bytes, big-endian) and the rest; the value; a checksum
/// of key and value (8 bytes, big-endian).
std::size_t row_bytes(std::string_view key, std::size_t value_bytes);
/// `out` has `row_bytes`.
void write_row(std::string_view key, BytesView value, std::uint8_t* out);

/// A row that was read, over LMDB's memory.
struct Row {
  std::string_view rest;  ///< Of a long key.
  BytesView value;
  std::uint64_t sum = 0;
};
/// False for what is no row.
bool read_row(bool is_long, const MDB_val& bytes, Row& row);

}  // namespace drawbridge::lmdb
