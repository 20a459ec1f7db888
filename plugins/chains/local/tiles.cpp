#include "tiles.h"

#include <algorithm>
#include <bit>

#include "drawbridge/merkle.h"

namespace drawbridge {
namespace {

// The split of RFC 6962 §2.1: the largest power of two below `count`, which is 2 or more.
std::uint64_t split(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

// A perfect subtree: entries [index << height, (index + 1) << height).
struct Perfect {
  unsigned height = 0;
  std::uint64_t index = 0;

  // Inside its tile: a run of hashes of the tile's level.
  TileId tile() const { return {height / tile_height, first() / tile_width}; }
  std::uint64_t first() const { return index << (height % tile_height); }
  std::size_t begin() const { return first() % tile_width; }
  std::size_t end() const { return begin() + (std::size_t{1} << (height % tile_height)); }
};

// A subtree on the right edge is not perfect: it is a row of perfect ones, the largest first.
std::vector<Perfect> perfect_parts(Subtree subtree) {
  std::vector<Perfect> parts;
  for (std::uint64_t at = subtree.begin; at < subtree.end;) {
    const std::uint64_t count = std::bit_floor(subtree.end - at);
    const auto height = static_cast<unsigned>(std::countr_zero(count));
    parts.push_back({height, at >> height});
    at += count;
  }
  return parts;
}

// The root over perfect subtrees that get smaller from left to right.
Digest fold(const std::vector<Digest>& parts) {
  if (parts.empty()) return merkle_empty_root();
  Digest root = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) root = merkle_node(parts[i], root);
  return root;
}

}  // namespace

std::uint64_t level_width(unsigned level, std::uint64_t size) {
  return level * tile_height < 64 ? size >> (level * tile_height) : 0;
}

std::uint64_t width(TileId tile, std::uint64_t size) {
  const std::uint64_t all = level_width(tile.level, size);
  if (tile.index > all / tile_width) return 0;
  return std::min(tile_width, all - tile.index * tile_width);
}

std::vector<Subtree> inclusion_path(std::uint64_t index, std::uint64_t size) {
  std::vector<Subtree> path;
  Subtree inside{0, size};
  while (inside.end - inside.begin > 1) {
    const std::uint64_t middle = inside.begin + split(inside.end - inside.begin);
    if (index < middle) {
      path.push_back({middle, inside.end});
      inside.end = middle;
    } else {
      path.push_back({inside.begin, middle});
      inside.begin = middle;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<Subtree> consistency_path(std::uint64_t size1, std::uint64_t size2) {
  std::vector<Subtree> path;
  if (size1 == 0 || size1 == size2) return path;
  Subtree inside{0, size2};
  while (inside.end != size1) {
    const std::uint64_t middle = inside.begin + split(inside.end - inside.begin);
    if (size1 <= middle) {
      path.push_back({middle, inside.end});
      inside.end = middle;
    } else {
      path.push_back({inside.begin, middle});
      inside.begin = middle;
    }
  }
  // The verifier knows the root of the whole older tree; of any other last subtree it has to be told.
  if (inside.begin != 0) path.push_back(inside);
  std::reverse(path.begin(), path.end());
  return path;
}

std::set<TileId> tiles_for(const std::vector<Subtree>& subtrees) {
  std::set<TileId> tiles;
  for (const Subtree& subtree : subtrees) {
    for (const Perfect& part : perfect_parts(subtree)) tiles.insert(part.tile());
  }
  return tiles;
}

std::set<TileId> edge_tiles(std::uint64_t size) {
  std::set<TileId> tiles;
  for (unsigned level = 0; level_width(level, size) > 0; ++level) {
    const std::uint64_t all = level_width(level, size);
    if (all % tile_width != 0) tiles.insert({level, all / tile_width});
  }
  return tiles;
}

Digest root_over(const Hashes& hashes, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return hashes[begin];
  const std::size_t middle = begin + split(end - begin);
  return merkle_node(root_over(hashes, begin, middle), root_over(hashes, middle, end));
}

Digest Tiles::root(Subtree subtree) const {
  std::vector<Digest> parts;
  for (const Perfect& part : perfect_parts(subtree)) {
    parts.push_back(root_over(tiles_.at(part.tile()), part.begin(), part.end()));
  }
  return fold(parts);
}

std::vector<Digest> Tiles::roots(const std::vector<Subtree>& subtrees) const {
  std::vector<Digest> out;
  out.reserve(subtrees.size());
  for (const Subtree& subtree : subtrees) out.push_back(root(subtree));
  return out;
}

Edge::Edge(std::uint64_t size, const Tiles& tiles) : size_(size) {
  for (unsigned level = 0; level_width(level, size) > 0; ++level) levels_.emplace_back();
  for (const TileId& tile : edge_tiles(size)) levels_[tile.level] = tiles.at(tile);
}

Digest Edge::root() const {
  std::vector<Digest> parts;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    for (const Perfect& part : perfect_parts({0, level->size()})) {
      const std::uint64_t begin = part.index << part.height;
      parts.push_back(root_over(*level, begin, begin + (std::uint64_t{1} << part.height)));
    }
  }
  return fold(parts);
}

std::map<TileId, Hashes> Edge::grow(const std::vector<Digest>& leaves) {
  std::map<TileId, Hashes> changed;
  std::vector<bool> touched(levels_.size());
  for (const Digest& leaf : leaves) {
    ++size_;
    Digest hash = leaf;
    for (unsigned level = 0;; ++level) {
      if (level == levels_.size()) {
        levels_.emplace_back();
        touched.push_back(false);
      }
      levels_[level].push_back(hash);
      touched[level] = true;
      if (levels_[level].size() < tile_width) break;
      hash = root_over(levels_[level]);
      changed.insert_or_assign({level, level_width(level, size_) / tile_width - 1}, std::move(levels_[level]));
      levels_[level].clear();
    }
  }
  for (unsigned level = 0; level < levels_.size(); ++level) {
    if (touched[level] && !levels_[level].empty()) {
      changed.insert_or_assign({level, level_width(level, size_) / tile_width}, levels_[level]);
    }
  }
  return changed;
}

}  // namespace drawbridge
