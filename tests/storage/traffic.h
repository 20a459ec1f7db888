#pragma once

#include <string>

#include "drawbridge/bytes.h"

// What the helper writes, and the tests expect to find: a function of the writer and the number of its step.
namespace drawbridge::storage_test {

/// Options that make an engine small, so that little traffic reaches what it does in the background.
inline std::string small_options(const std::string& plugin) {
  if (plugin == "storage.rocksdb") return "cache: 1MiB, write_buffer: 1MiB";
  if (plugin == "storage.lmdb") return "map: 1MiB";
  return "cache: 64KiB";
}

constexpr int writers = 8;
constexpr int keys_of_batch = 4;

inline std::string number_text(unsigned number) {
  auto digits = std::to_string(number);
  return std::string(10 - digits.size(), '0') + digits;
}
inline std::string head_key(int writer) {
  return "head/" + std::to_string(writer);
}
inline std::string step_prefix(int writer) {
  return "step/" + std::to_string(writer) + "/";
}
inline std::string step_key(int writer, unsigned step, int part) {
  return step_prefix(writer) + number_text(step) + "/" + std::to_string(part);
}
inline Bytes step_value(int writer, unsigned step) {
  return to_bytes(std::to_string(writer) + "." + std::to_string(step) + std::string(step * 37 % 3000, '.'));
}

/// Every fourth step stores a blob, small and large ones in turn; every eighth erases the one of four steps before.
inline bool stores_blob(unsigned step) {
  return step % 4 == 0;
}
inline bool erases_blob(unsigned step) {
  return step % 8 == 0;
}
inline unsigned erased_at(unsigned step) {
  return step - 4;
}
inline std::string blob_id(int writer, unsigned step) {
  return "b." + std::to_string(writer) + "." + number_text(step);
}
inline Bytes blob_bytes(int writer, unsigned step) {
  Bytes out((step / 4) % 3 == 0 ? 500 + step % 100 : 100'000 + step % 100);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(i * 31 + step + static_cast<unsigned>(writer));
  return out;
}

}  // namespace drawbridge::storage_test
