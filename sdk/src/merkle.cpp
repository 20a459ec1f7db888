#include "drawbridge/merkle.h"

#include <algorithm>
#include <array>
#include <bit>

namespace drawbridge {
namespace {

constexpr std::uint8_t leaf_prefix = 0x00;  // RFC 6962 §2.1
constexpr std::uint8_t node_prefix = 0x01;

}  // namespace

Digest merkle_leaf(BytesView entry) {
  Sha256 hash;
  hash.update(BytesView(&leaf_prefix, 1)).update(entry);
  return hash.finish();
}

Digest merkle_node(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Digest)> input;
  input[0] = node_prefix;
  std::copy(left.begin(), left.end(), input.begin() + 1);
  std::copy(right.begin(), right.end(), input.begin() + 1 + left.size());
  return sha256(input);
}

Digest merkle_empty_root() {
  return sha256({});
}

std::optional<Digest> root_from_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                                          const std::vector<Digest>& proof) {
  if (index >= size) return std::nullopt;
  // Below `inner` the paths of this leaf and of the last one are apart, so each level has a sibling. Above it this
  // subtree is on the right edge, where only the 1-bits of the index have one, and that is on the left.
  const auto inner = static_cast<unsigned>(std::bit_width(index ^ (size - 1)));
  const auto border = inner < 64 ? static_cast<unsigned>(std::popcount(index >> inner)) : 0U;
  if (proof.size() != inner + border) return std::nullopt;
  Digest hash = leaf;
  for (unsigned i = 0; i < inner; ++i) {
    hash = (index >> i & 1) != 0 ? merkle_node(proof[i], hash) : merkle_node(hash, proof[i]);
  }
  for (unsigned i = inner; i < proof.size(); ++i) hash = merkle_node(proof[i], hash);
  return hash;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, const std::vector<Digest>& proof,
                      const Digest& root) {
  return root_from_inclusion(index, size, leaf, proof) == root;
}

bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Digest& root1, const Digest& root2,
                        const std::vector<Digest>& proof) {
  if (size1 > size2) return false;
  if (size1 == 0 && root1 != merkle_empty_root()) return false;
  if (size1 == size2) return proof.empty() && root1 == root2;
  if (size1 == 0) return proof.empty();
  if (proof.empty()) return false;

  // The walk of RFC 9162 §2.1.4.2: both roots grow from the last perfect subtree of the older tree.
  std::uint64_t first = size1 - 1;
  std::uint64_t second = size2 - 1;
  const auto skip = static_cast<unsigned>(std::countr_one(first));
  first >>= skip;
  second >>= skip;
  std::size_t next = 0;
  // A size that is a power of two is such a subtree itself, and the proof leaves it out.
  Digest hash1 = std::has_single_bit(size1) ? root1 : proof[next++];
  Digest hash2 = hash1;
  for (; next < proof.size(); ++next) {
    if (second == 0) return false;
    if ((first & 1) != 0 || first == second) {
      hash1 = merkle_node(proof[next], hash1);
      hash2 = merkle_node(proof[next], hash2);
      while ((first & 1) == 0 && first != 0) {
        first >>= 1;
        second >>= 1;
      }
    } else {
      hash2 = merkle_node(hash2, proof[next]);
    }
    first >>= 1;
    second >>= 1;
  }
  return second == 0 && hash1 == root1 && hash2 == root2;
}

}  // namespace drawbridge
