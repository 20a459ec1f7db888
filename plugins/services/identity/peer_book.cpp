#include "peer_book.h"

#include <algorithm>
#include <mutex>

namespace drawbridge {
namespace {

constexpr std::string_view id_prefix = "node_";
constexpr std::size_t shortest_beginning = 8;

}  // namespace

void PeerBook::put(Peer peer) {
  std::string id = peer.card.node_id();
  const std::unique_lock lock(mutex_);
  by_id_.insert_or_assign(std::move(id), std::move(peer));
}

bool PeerBook::erase(const std::string& node_id) {
  const std::unique_lock lock(mutex_);
  return by_id_.erase(node_id) != 0;
}

std::vector<Peer> PeerBook::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<Peer> out;
  for (const auto& [id, peer] : by_id_) out.push_back(peer);
  return out;
}

std::optional<Peer> PeerBook::find(std::string_view who) const {
  if (auto named = with_name(who)) return named;
  if (!who.starts_with(id_prefix) || who.size() < id_prefix.size() + shortest_beginning) return std::nullopt;
  const std::shared_lock lock(mutex_);
  const auto first = by_id_.lower_bound(who);
  if (first == by_id_.end() || !std::string_view(first->first).starts_with(who)) return std::nullopt;
  const auto second = std::next(first);
  if (second != by_id_.end() && std::string_view(second->first).starts_with(who)) {
    throw Error(Code::conflict, "'" + std::string(who) + "' fits several peers", "give more digits of the id");
  }
  return first->second;
}

std::optional<Peer> PeerBook::with_node_key(BytesView key) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, peer] : by_id_) {
    if (std::ranges::equal(peer.card.keys.node_key, key)) return peer;
  }
  return std::nullopt;
}

std::optional<Peer> PeerBook::with_name(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, peer] : by_id_) {
    if (peer.card.name == name) return peer;
  }
  return std::nullopt;
}

}  // namespace drawbridge
