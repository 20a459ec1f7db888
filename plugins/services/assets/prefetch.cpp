#include "prefetch.h"

#include <algorithm>
#include <exception>

namespace drawbridge {
namespace {

constexpr std::string_view prefix = "prefetched/";

Key record_key(const std::string& owner, const std::string& asset) {
  return Key(prefix) + owner + "/" + asset;
}

std::uint64_t size_of(const Bytes& value) {
  if (value.size() != 8) throw Error(Code::corrupt, "the size of a fetched envelope is damaged");
  return load_u64be(value);
}

}  // namespace

Task<> PrefetchQuota::load() {
  Key after;
  for (bool more = true; more;) {
    const Records::Page page = co_await records_.scan(Key(prefix), after, 1024);
    const std::lock_guard lock(mutex_);
    for (const Record& record : page.records) {
      after = record.key;
      used_[record.key.substr(prefix.size(), record.key.find('/', prefix.size()) - prefix.size())] +=
          size_of(record.value);
    }
    more = page.more;
  }
}

bool PrefetchQuota::add(const std::string& owner, std::uint64_t size) {
  if (size > limits_.per_asset || size > limits_.per_peer) return false;
  const std::lock_guard lock(mutex_);
  std::uint64_t& used = used_[owner];
  if (used > limits_.per_peer - size) return false;
  used += size;
  return true;
}

void PrefetchQuota::subtract(const std::string& owner, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto found = used_.find(owner);
  if (found == used_.end()) return;
  found->second -= std::min(found->second, size);
  if (found->second == 0) used_.erase(found);
}

Task<bool> PrefetchQuota::reserve(std::string owner, std::string asset, std::uint64_t size) {
  const Key key = record_key(owner, asset);
  const auto counted = co_await records_.get(key);
  if (counted) co_return true;
  if (!add(owner, size)) co_return false;
  Bytes value;
  append_u64be(value, size);
  Batch batch;
  batch.expect_absent(key).put(key, std::move(value));
  std::exception_ptr failure;
  try {
    co_await records_.commit(std::move(batch));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    subtract(owner, size);
    std::rethrow_exception(failure);
  }
  co_return true;
}

Task<> PrefetchQuota::release(std::string owner, std::string asset) {
  const Key key = record_key(owner, asset);
  auto counted = co_await records_.get(key);
  if (!counted) co_return;
  const std::uint64_t size = size_of(*counted);
  Batch batch;
  batch.expect(key, std::move(*counted)).erase(key);
  bool mine = true;
  try {
    co_await records_.commit(std::move(batch));
  } catch (const Error& error) {
    if (error.code() != Code::conflict) throw;
    mine = false;  // another was faster
  }
  if (mine) subtract(owner, size);
}

}  // namespace drawbridge
