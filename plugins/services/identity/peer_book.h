#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "drawbridge/identity.h"

namespace drawbridge {

/// The peers in memory, found by id, name, beginning of the id, and node key. Thread-safe.
class PeerBook {
 public:
  void put(Peer peer);
  bool erase(const std::string& node_id);
  std::vector<Peer> all() const;
  /// Throws conflict when a beginning fits several peers.
  std::optional<Peer> find(std::string_view who) const;
  std::optional<Peer> with_node_key(BytesView key) const;
  std::optional<Peer> with_name(std::string_view name) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, Peer, std::less<>> by_id_;
};

}  // namespace drawbridge
