#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drawbridge/hash.h"

// The arithmetic of C2SP tlog-tiles: which hashes make up a root or a proof, and in which tiles they are. Pure
// functions; whoever calls them fetches the tiles.
namespace drawbridge {

inline constexpr unsigned tile_height = 8;
inline constexpr std::uint64_t tile_width = 1U << tile_height;

struct TileId {
  unsigned level = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const TileId&, const TileId&) = default;

  std::string name() const { return "tile " + std::to_string(level) + "/" + std::to_string(index); }
  /// Where the root over this tile stands once it is full: a hash of the level above.
  TileId parent() const { return {level + 1, index / tile_width}; }
  std::uint64_t place_in_parent() const { return index % tile_width; }
};

/// How many hashes a level has in a tree of `size` entries, and how many of them this tile has: 0 to 256.
std::uint64_t level_width(unsigned level, std::uint64_t size);
std::uint64_t width(TileId tile, std::uint64_t size);

/// The entries [begin, end): a subtree as RFC 6962 splits them.
struct Subtree {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The subtrees whose roots are the proof, in the proof's order: RFC 6962 §2.1.1 (0 <= index < size) and §2.1.2 (size1
/// <= size2).
std::vector<Subtree> inclusion_path(std::uint64_t index, std::uint64_t size);
std::vector<Subtree> consistency_path(std::uint64_t size1, std::uint64_t size2);

/// The tiles that the roots of these subtrees are computed from.
std::set<TileId> tiles_for(const std::vector<Subtree>& subtrees);
/// The tiles that are partial in a tree of this size: its right edge.
std::set<TileId> edge_tiles(std::uint64_t size);

using Hashes = std::vector<Digest>;

/// The root over 1 to 256 hashes of one level.
Digest root_over(const Hashes& hashes, std::size_t begin, std::size_t end);
inline Digest root_over(const Hashes& hashes) {
  return root_over(hashes, 0, hashes.size());
}

/// Tiles that were fetched.
class Tiles {
 public:
  void put(TileId tile, Hashes hashes) { tiles_.insert_or_assign(tile, std::move(hashes)); }
  const Hashes& at(TileId tile) const { return tiles_.at(tile); }
  bool contains(TileId tile) const { return tiles_.contains(tile); }

  /// The root of a subtree; `tiles_for` it must be here.
  Digest root(Subtree subtree) const;
  std::vector<Digest> roots(const std::vector<Subtree>& subtrees) const;

 private:
  std::map<TileId, Hashes> tiles_;
};

/// The right edge of a tree: its partial tiles, from which it grows.
class Edge {
 public:
  Edge() = default;
  /// From the partial tiles of a tree of this size.
  Edge(std::uint64_t size, const Tiles& tiles);

  std::uint64_t size() const { return size_; }
  Digest root() const;

  /// Appends leaves. Returns every tile that has changed.
  std::map<TileId, Hashes> grow(const std::vector<Digest>& leaves);

 private:
  std::uint64_t size_ = 0;
  std::vector<Hashes> levels_;
};

}  // namespace drawbridge
