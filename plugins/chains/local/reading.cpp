#include "reading.h"

#include <fmt/core.h>

#include "drawbridge/merkle.h"
#include "inspect.h"

namespace drawbridge {
namespace {

constexpr std::size_t max_found = 1024;

// A proof from these tiles does not lead to the signed root. Always throws.
Task<> blame(Store store, Checkpoint head, std::set<TileId> ids, std::string what) {
  for (const TileId& id : ids) co_await check_tile(store, head, id);
  throw damage(what + ": it does not lead to the signed root");
}

}  // namespace

Task<std::vector<LedgerEvent>> find_events(Host& host, Store store, Checkpoint head, std::string subject) {
  std::vector<LedgerEvent> out;
  const std::vector<std::uint64_t> indices = co_await store.subject(subject, max_found);
  for (const std::uint64_t index : indices) {
    if (index >= head.size) break;
    std::vector<LedgerEvent> found = co_await read_events(host, store, head, index, 1);
    if (!found[0].details.empty() && subject_of(found[0]) != subject) {
      throw damage(fmt::format("event {}: it is in the index of another subject", index));
    }
    out.push_back(std::move(found[0]));
  }
  co_return out;
}

Task<std::string> make_proof(Host& host, Store store, std::shared_ptr<const Head> head, std::uint64_t index,
                             bool with_opening) {
  const Checkpoint& checkpoint = head->checkpoint;
  if (index >= checkpoint.size) throw Error(Code::not_found, fmt::format("the ledger has no event {}", index));
  const std::vector<LedgerEvent> found = co_await read_events(host, store, checkpoint, index, 1);
  const LedgerEvent& event = found.front();
  if (with_opening && event.salt.empty()) {
    throw Error(Code::not_found, fmt::format("the opening of event {} is not kept here any more", index),
                "ask for a proof without the opening");
  }
  const std::vector<Subtree> path = inclusion_path(index, checkpoint.size);
  const std::set<TileId> ids = tiles_for(path);
  const Tiles tiles = co_await store.tiles(ids, checkpoint.size);
  const std::vector<Digest> hashes = tiles.roots(path);
  if (!verify_inclusion(index, checkpoint.size, event.leaf, hashes, checkpoint.root)) {
    co_await blame(store, checkpoint, ids, fmt::format("entry {}", index));
  }
  co_return make_event_proof(event, hashes, head->note, with_opening);
}

Task<std::vector<Digest>> make_consistency(Store store, Checkpoint head, std::uint64_t size1, std::uint64_t size2) {
  if (size1 > size2 || size2 > head.size) {
    throw Error(Code::invalid, fmt::format("no consistency proof from size {} to {}: the log has {} entries", size1,
                                           size2, head.size));
  }
  const std::vector<Subtree> path = consistency_path(size1, size2);
  const std::vector<Subtree> path1 = consistency_path(size1, head.size);
  const std::vector<Subtree> path2 = consistency_path(size2, head.size);
  const Subtree tree1{0, size1};
  const Subtree tree2{0, size2};
  std::vector<Subtree> all(1, tree1);
  all.push_back(tree2);
  all.insert(all.end(), path.begin(), path.end());
  all.insert(all.end(), path1.begin(), path1.end());
  all.insert(all.end(), path2.begin(), path2.end());
  const std::set<TileId> ids = tiles_for(all);
  const Tiles tiles = co_await store.tiles(ids, head.size);
  std::vector<Digest> hashes = tiles.roots(path);
  // The roots of the two sizes are right only if each is consistent with the root that is signed.
  const Digest root1 = tiles.root(tree1);
  const Digest root2 = tiles.root(tree2);
  if (!verify_consistency(size1, head.size, root1, head.root, tiles.roots(path1)) ||
      !verify_consistency(size2, head.size, root2, head.root, tiles.roots(path2)) ||
      !verify_consistency(size1, size2, root1, root2, hashes)) {
    co_await blame(store, head, ids, fmt::format("tree of size {}", size2));
  }
  co_return hashes;
}

Task<> check_extends(Store store, Checkpoint old, Checkpoint now) {
  if (now.size < old.size) {
    throw damage(fmt::format("checkpoint: it went back from {} to {} entries", old.size, now.size));
  }
  const Subtree before{0, old.size};
  const std::vector<Subtree> subtrees(1, before);
  const std::set<TileId> ids = tiles_for(subtrees);
  const Tiles tiles = co_await store.tiles(ids, now.size);
  if (tiles.root(before) != old.root) throw damage("checkpoint: it does not extend the one that was signed before");
}

}  // namespace drawbridge
