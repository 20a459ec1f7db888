// The parts of the storage facets that every implementation shares.
#include "drawbridge/blobs.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_changes = 65536;
constexpr std::size_t max_blob_id = 128;

void check_key(const Key& key) {
  if (key.empty() || key.size() > Records::max_key_bytes) {
    throw Error(Code::invalid, "a key has 1 to 1024 bytes, not " + std::to_string(key.size()));
  }
}

void check_value(const std::optional<Bytes>& value) {
  if (value && value->size() > Records::max_value_bytes) {
    throw Error(Code::too_large, "a record's value has at most 16MiB, not " + std::to_string(value->size()) + " bytes",
                "store large data as a blob");
  }
}

}  // namespace

Batch& Batch::put(Key key, Bytes value) {
  changes_.push_back({std::move(key), std::move(value)});
  return *this;
}
Batch& Batch::erase(Key key) {
  changes_.push_back({std::move(key), std::nullopt});
  return *this;
}
Batch& Batch::expect(Key key, Bytes value) {
  expectations_.push_back({std::move(key), std::move(value)});
  return *this;
}
Batch& Batch::expect_absent(Key key) {
  expectations_.push_back({std::move(key), std::nullopt});
  return *this;
}

void Batch::validate() const {
  if (changes_.size() > max_changes || expectations_.size() > max_changes) {
    throw Error(Code::too_large, "a batch has at most 65536 changes");
  }
  for (const auto& change : changes_) {
    check_key(change.key);
    check_value(change.value);
  }
  for (const auto& expectation : expectations_) {
    check_key(expectation.key);
    check_value(expectation.value);
  }
}

bool is_blob_id(std::string_view id) {
  if (id.empty() || id.size() > max_blob_id || id.front() == '.') return false;
  for (const char c : id) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '-' || c == '_' || c == '.';
    if (!fine) return false;
  }
  return true;
}

}  // namespace drawbridge
