#include "assembly.h"

#include <algorithm>

namespace drawbridge::rocks {

std::optional<Entry> Assembly::add(const Write& write) {
  return std::visit([this](const auto& one) { return add_one(one); }, write);
}

std::optional<Entry> Assembly::add_one(const Batch& batch) {
  for (const auto& expectation : batch.expectations()) {
    if (!holds(expectation)) {
      throw Error(Code::conflict, "storage '" + settings_.name + "': a precondition of the batch does not hold");
    }
  }
  for (const auto& change : batch.changes()) {
    if (change.value) {
      put(Column::records, change.key, *change.value);
    } else {
      erase(Column::records, change.key);
    }
    if (overlay_) records_[change.key] = &change.value;
  }
  return std::nullopt;
}

std::optional<Entry> Assembly::add_one(const BlobPut& blob) {
  if (auto previous = entry_of(blob.id)) return previous;
  put(Column::blobs, blob.id, encode(blob.entry));
  if (blob.entry.kind == Entry::Kind::content) put(Column::contents, content_key(blob.entry.token), blob.content);
  entries_[blob.id] = blob.entry;
  return std::nullopt;
}

std::optional<Entry> Assembly::add_one(const BlobErase& blob) {
  const auto previous = entry_of(blob.id);
  if (!previous) return std::nullopt;
  erase(Column::blobs, blob.id);
  if (previous->kind == Entry::Kind::content) erase(Column::contents, content_key(previous->token));
  entries_[blob.id] = std::nullopt;
  return previous;
}

bool Assembly::holds(const Batch::Expectation& expectation) const {
  if (const auto changed = records_.find(expectation.key); changed != records_.end()) {
    return *changed->second == expectation.value;
  }
  rocksdb::PinnableSlice value;
  const auto answer = database_.get(Column::records, expectation.key, Tier::any, value);
  if (answer == Answer::absent) return !expectation.value;
  return expectation.value && std::ranges::equal(bytes_of(value), *expectation.value);
}

std::optional<Entry> Assembly::entry_of(const std::string& id) const {
  if (const auto changed = entries_.find(id); changed != entries_.end()) return changed->second;
  const auto found = database_.get(Column::blobs, id);
  if (!found) return std::nullopt;
  const auto entry = decode_entry(*found);
  if (!entry)
    throw Error(Code::corrupt, "storage '" + settings_.name + "': the index entry of blob '" + id + "' is damaged");
  return entry;
}

void Assembly::put(Column column, std::string_view key, BytesView value) {
  check(batch_.Put(database_.handle(column), slice(key), slice(value)));
}

void Assembly::erase(Column column, std::string_view key) {
  check(batch_.Delete(database_.handle(column), slice(key)));
}

void Assembly::check(const rocksdb::Status& status) const {
  if (!status.ok()) throw std::runtime_error("the write batch takes no more: " + status.ToString());
}

}  // namespace drawbridge::rocks
