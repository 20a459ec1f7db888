#include "drawbridge/handover.h"

#include <algorithm>

namespace drawbridge {

Task<bool> same_records(Host& host, Records& mine, Records& other) {
  if (&mine == &other) co_return true;
  const Key key = "handover-probe";
  const Bytes mark = host.random().bytes(16);
  Batch probe;
  probe.put(key, mark);
  co_await mine.commit(std::move(probe));
  const std::optional<Bytes> seen = co_await other.get(key);
  Batch done;
  done.erase(key);
  co_await mine.commit(std::move(done));
  co_return seen == mark;
}

void ProtocolTable::serve(const void* owner, std::string protocol, Transport::Handler handler) {
  const std::lock_guard lock(mutex_);
  const auto taken = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.owner == owner && entry.protocol == protocol;
  });
  if (taken) throw Error(Code::conflict, "protocol '" + protocol + "' is served already");
  entries_.push_back({owner, std::move(protocol), std::move(handler)});
}

void ProtocolTable::withdraw(const void* owner, const std::string& protocol) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.owner == owner && entry.protocol == protocol; });
}

void ProtocolTable::withdraw_all(const void* owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.owner == owner; });
}

Transport::Handler ProtocolTable::find(const std::string& protocol) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& entry) { return entry.protocol == protocol; });
  return found == entries_.rend() ? Transport::Handler() : found->handler;
}

}  // namespace drawbridge
