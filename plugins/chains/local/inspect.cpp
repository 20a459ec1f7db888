#include "inspect.h"

#include <fmt/core.h>

#include <algorithm>

#include "drawbridge/cbor.h"
#include "drawbridge/merkle.h"

namespace drawbridge {
namespace {

constexpr std::uint64_t audit_page = 4 * tile_width;
constexpr std::uint64_t much_events = 64;

TileId leaf_tile(std::uint64_t index) {
  return {0, index / tile_width};
}

LedgerEvent parse_entry(std::uint64_t index, const Bytes& bytes) {
  try {
    LedgerEvent event = decode_entry(bytes);
    event.index = index;
    return event;
  } catch (const Error& error) {
    throw damage(fmt::format("entry {}: {}", index, error.what()));
  }
}

bool fits(const LedgerEvent& event, const Opening& opening) {
  try {
    return event_commitment(opening.salt, opening.details) == event.commitment;
  } catch (const Error&) {  // A salt of the wrong length fits nothing.
    return false;
  }
}

// Finds out whose fault it is that an entry and its leaf differ. Always throws.
Task<> blame_leaf(Store store, Checkpoint head, std::uint64_t index) {
  const TileId tile = leaf_tile(index);
  co_await check_tile(store, head, tile);
  throw damage(fmt::format("entry {}: it does not match its leaf in {}", index, tile.name()));
}

// Finds the tile of the right edge that does not match what is below it. Always throws.
Task<> blame_edge(Store store, Checkpoint head) {
  for (const TileId& id : edge_tiles(head.size)) {
    const Hashes hashes = co_await store.tile(id, head.size);
    const std::uint64_t first = id.index * tile_width;
    if (id.level == 0) {
      const std::vector<Bytes> entries = co_await store.entries(first, hashes.size());
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (merkle_leaf(entries[i]) != hashes[i]) {
          throw damage(fmt::format("{}: it does not match entry {}", id.name(), first + i));
        }
      }
      continue;
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const TileId below{id.level - 1, first + i};
      const Hashes child = co_await store.tile(below, head.size);
      if (root_over(child) != hashes[i]) throw damage(id.name() + ": it does not match " + below.name());
    }
  }
  throw damage("checkpoint: its signature holds, but tiles and entries lead to another root");
}

Task<Edge> matching_edge(Store store, Checkpoint head) {
  const Tiles tiles = co_await store.tiles(edge_tiles(head.size), head.size);
  Edge edge(head.size, tiles);
  if (edge.root() != head.root) co_await blame_edge(store, head);
  co_return edge;
}

// A tile that the audit has recomputed differs from the stored one, and all below it do not. Always throws.
Task<> blame_tile(Store store, Checkpoint head, TileId tile, std::size_t place) {
  const std::uint64_t index = tile.index * tile_width + place;
  if (tile.level == 0) co_await blame_leaf(store, head, index);
  co_await check_tile(store, head, tile);
  const TileId below{tile.level - 1, index};
  co_await check_tile(store, head, below);
  throw damage(tile.name() + ": it does not match " + below.name());
}

Task<> compare_tile(Store store, Checkpoint head, TileId tile, Hashes wanted) {
  const Hashes stored = co_await store.tile(tile, head.size);
  const auto [have, want] = std::mismatch(stored.begin(), stored.end(), wanted.begin(), wanted.end());
  if (have == stored.end() && want == wanted.end()) co_return;
  co_await blame_tile(store, head, tile, static_cast<std::size_t>(have - stored.begin()));
}

// The entries of a page. The caller compares their leaves before it believes them.
Task<std::vector<LedgerEvent>> parse_entries(Host& host, Store store, std::uint64_t from, std::uint64_t count) {
  const std::vector<Bytes> entries = co_await store.entries(from, count);
  const auto parse = [&] {
    std::vector<LedgerEvent> events;
    events.reserve(entries.size());
    for (const Bytes& entry : entries) events.push_back(parse_entry(from + events.size(), entry));
    return events;
  };
  co_return co_await compute(host, count >= much_events, parse);
}

// Adds the openings that are kept to a row of events whose leaves are in their tiles.
Task<std::vector<LedgerEvent>> add_openings(Host& host, Store store, Checkpoint head, std::vector<LedgerEvent> events) {
  std::map<std::uint64_t, Opening> openings = co_await store.openings(events.front().index, events.size());
  const auto add = [&] {
    for (LedgerEvent& event : events) {
      const auto opening = openings.find(event.index);
      if (opening == openings.end()) continue;
      if (!fits(event, opening->second)) return std::optional(event.index);
      event.salt = std::move(opening->second.salt);
      event.details = std::move(opening->second.details);
    }
    return std::optional<std::uint64_t>();
  };
  const std::optional<std::uint64_t> misfit = co_await compute(host, events.size() >= much_events, add);
  if (misfit) {
    // An entry that was exchanged together with its leaf looks like this too.
    const TileId tile = leaf_tile(*misfit);
    co_await check_tile(store, head, tile);
    throw damage(fmt::format("opening {}: it does not match the entry's commitment", *misfit));
  }
  co_return events;
}

Task<> check_subjects(Store store, const std::vector<LedgerEvent>& events) {
  for (const LedgerEvent& event : events) {
    const std::string subject = subject_of(event);
    if (subject.empty()) continue;
    const bool filed = co_await store.has(subject_key(subject, event.index));
    if (!filed) throw damage(fmt::format("event {}: it is missing from the index of its subject", event.index));
  }
}

}  // namespace

std::string subject_of(const LedgerEvent& event) {
  if (event.details.empty()) return {};
  const Cbor details = decode_cbor(event.details);
  const Cbor* asset = details.find("asset");
  return asset != nullptr ? asset->text() : std::string();
}

Task<std::vector<LedgerEvent>> read_events(Host& host, Store store, Checkpoint head, std::uint64_t from,
                                           std::uint64_t count) {
  std::vector<LedgerEvent> events = co_await parse_entries(host, store, from, count);
  std::set<TileId> ids;
  for (std::uint64_t i = from / tile_width; i <= (from + count - 1) / tile_width; ++i) ids.insert(TileId{0, i});
  const Tiles tiles = co_await store.tiles(ids, head.size);
  for (const LedgerEvent& event : events) {
    const Hashes& leaves = tiles.at(leaf_tile(event.index));
    if (leaves[event.index % tile_width] != event.leaf) co_await blame_leaf(store, head, event.index);
  }
  co_return co_await add_openings(host, store, head, std::move(events));
}

Task<> check_tile(Store store, Checkpoint head, TileId tile) {
  std::vector<TileId> chain(1, tile);
  while (width(chain.back(), head.size) == tile_width) chain.push_back(chain.back().parent());
  co_await matching_edge(store, head);
  Hashes above = co_await store.tile(chain.back(), head.size);
  for (auto id = std::next(chain.rbegin()); id != chain.rend(); ++id) {
    Hashes hashes = co_await store.tile(*id, head.size);
    if (root_over(hashes) != above[id->place_in_parent()]) {
      throw damage(id->name() + ": it does not lead to the signed root");
    }
    above = std::move(hashes);
  }
}

Task<Edge> load_edge(Store store, Checkpoint head) {
  const bool beyond = co_await store.has(entry_key(head.size));
  if (beyond) {
    throw damage(
        fmt::format("checkpoint: it ends before entry {}, which is there: it is older than the log", head.size));
  }
  for (const TileId& id : edge_tiles(head.size)) {
    const std::uint64_t stored = co_await store.stored_width(id);
    if (stored > width(id, head.size)) {
      throw damage(fmt::format("{}: {} hashes, where the checkpoint has {}: the checkpoint is older than the log",
                               id.name(), stored, width(id, head.size)));
    }
  }
  co_return co_await matching_edge(store, head);
}

Task<> audit_ledger(Host& host, Store store, Checkpoint head) {
  Edge edge;
  while (edge.size() < head.size) {
    const std::uint64_t from = edge.size();
    const std::uint64_t count = std::min(audit_page, head.size - from);
    std::vector<LedgerEvent> events = co_await parse_entries(host, store, from, count);
    const auto grow = [&] {
      std::vector<Digest> leaves;
      for (const LedgerEvent& event : events) leaves.push_back(event.leaf);
      return edge.grow(leaves);
    };
    const std::map<TileId, Hashes> tiles = co_await compute(host, true, grow);
    for (const auto& [id, hashes] : tiles) {
      if (hashes.size() == tile_width || edge.size() == head.size) co_await compare_tile(store, head, id, hashes);
    }
    events = co_await add_openings(host, store, head, std::move(events));
    co_await check_subjects(store, events);
  }
  co_await matching_edge(store, head);  // The loop has seen only those partial tiles that the last page touches.
  if (edge.root() != head.root) throw damage("checkpoint: its signature holds, but the entries lead to another root");
}

}  // namespace drawbridge
