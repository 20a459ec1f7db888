#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/hash.h"

namespace drawbridge {

/// The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1), as pure functions.
DRAWBRIDGE_API Digest merkle_leaf(BytesView entry);
DRAWBRIDGE_API Digest merkle_node(const Digest& left, const Digest& right);
/// The root of no entries: SHA-256 of nothing.
DRAWBRIDGE_API Digest merkle_empty_root();

/// The root that an inclusion proof leads to, or nothing for a proof of the wrong shape (RFC 9162 §2.1.3.2).
DRAWBRIDGE_API std::optional<Digest> root_from_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                                                         const std::vector<Digest>& proof);
DRAWBRIDGE_API bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                                     const std::vector<Digest>& proof, const Digest& root);
/// RFC 9162 §2.1.4.2. True for size1 == size2 with equal roots and no proof, and for size1 == 0 with an empty proof.
DRAWBRIDGE_API bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Digest& root1,
                                       const Digest& root2, const std::vector<Digest>& proof);

}  // namespace drawbridge
