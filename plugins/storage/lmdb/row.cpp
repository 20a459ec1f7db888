#include "row.h"

#include <algorithm>

#include "drawbridge/hash.h"
#include "drawbridge/storage/checksum.h"

namespace drawbridge::lmdb {
namespace {

constexpr std::size_t length_bytes = 2, sum_bytes = 8;

}  // namespace

RowKey::RowKey(storage::Table table, std::string_view key) {
  bytes_[0] = byte_of(table);
  auto out = std::ranges::copy(key.substr(0, head_bytes), bytes_.begin() + 1).out;
  if (is_long(key)) {
    const auto digest = sha256(view(key));
    out = std::ranges::copy(text_view(digest).substr(0, hash_bytes), out).out;
  }
  size_ = static_cast<std::size_t>(out - bytes_.begin());
}

std::size_t row_bytes(std::string_view key, std::size_t value_bytes) {
  return (is_long(key) ? length_bytes + key.size() - head_bytes : 0) + value_bytes + sum_bytes;
}

void write_row(std::string_view key, BytesView value, std::uint8_t* out) {
  if (is_long(key)) {
    const auto rest = key.substr(head_bytes);
    *out++ = static_cast<std::uint8_t>(rest.size() >> 8);
    *out++ = static_cast<std::uint8_t>(rest.size());
    out = std::ranges::copy(view(rest), out).out;
  }
  out = std::ranges::copy(value, out).out;
  const auto sum = storage::checksum(key, value);
  for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<std::uint8_t>(sum >> shift);
}

bool read_row(bool is_long, const MDB_val& bytes, Row& row) {
  auto left = view(text_of(bytes));
  if (is_long) {
    if (left.size() < length_bytes) return false;
    const std::size_t length = load_u16be(left);
    left = left.subspan(length_bytes);
    if (left.size() < length) return false;
    row.rest = text_view(left.first(length));
    left = left.subspan(length);
  }
  if (left.size() < sum_bytes) return false;
  row.value = left.first(left.size() - sum_bytes);
  row.sum = load_u64be(left.last(sum_bytes));
  return true;
}

}  // namespace drawbridge::lmdb
