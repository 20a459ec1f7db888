#include "assembly.h"

#include <algorithm>

namespace drawbridge::storage {

std::optional<Entry> Assembly::add(const Write& write) {
  halfway_ = false;
  const auto previous = std::visit([this](const auto& one) { return add_one(one); }, write);
  halfway_ = false;
  return previous;
}

std::optional<Entry> Assembly::add_one(const Batch& batch) {
  for (const auto& expectation : batch.expectations()) {
    if (!holds(expectation)) throw Error(Code::conflict, settings_.who() + "a precondition of the batch does not hold");
  }
  for (const auto& change : batch.changes()) {
    if (change.value) {
      put(Table::records, change.key, *change.value);
    } else {
      erase(Table::records, change.key);
    }
  }
  return std::nullopt;
}

std::optional<Entry> Assembly::add_one(const BlobPut& blob) {
  if (auto previous = entry_of(blob.id)) return previous;
  put(Table::blobs, blob.id, view(hold(to_text(encode(blob.entry)))));
  if (blob.entry.kind == Entry::Kind::content) {
    put(Table::contents, hold(content_key(blob.entry.token)), blob.content);
  }
  return std::nullopt;
}

std::optional<Entry> Assembly::add_one(const BlobErase& blob) {
  const auto previous = entry_of(blob.id);
  if (!previous) return std::nullopt;
  erase(Table::blobs, blob.id);
  if (previous->kind == Entry::Kind::content) erase(Table::contents, hold(content_key(previous->token)));
  return previous;
}

bool Assembly::holds(const Batch::Expectation& expectation) const {
  bool equal = false;
  auto compare = [&](BytesView value) { equal = expectation.value && std::ranges::equal(value, *expectation.value); };
  const bool there = transaction_.get(Table::records, expectation.key, compare);
  return there ? equal : !expectation.value;
}

std::optional<Entry> Assembly::entry_of(const std::string& id) const {
  std::optional<Entry> entry;
  auto decode = [&](BytesView value) { entry = decode_entry(value); };
  const bool there = transaction_.get(Table::blobs, id, decode);
  if (there && !entry) throw damaged_entry(settings_, id);
  return entry;
}

void Assembly::put(Table table, std::string_view key, BytesView value) {
  halfway_ = changed_ = true;
  transaction_.put(table, key, value);
}

void Assembly::erase(Table table, std::string_view key) {
  halfway_ = changed_ = true;
  transaction_.erase(table, key);
}

std::string_view Assembly::hold(std::string key) {
  return held_.emplace_back(std::move(key));
}

}  // namespace drawbridge::storage
