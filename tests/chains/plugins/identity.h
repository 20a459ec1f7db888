#pragma once

#include <string>

#include "drawbridge/ed25519.h"
#include "drawbridge/hash.h"

namespace drawbridge::test {

/// The node key and the id that test.identity has for a label, for those who check what it signed.
inline Ed25519Key labelled_key(const std::string& label) {
  const Digest seed = sha256(view("drawbridge test node key: " + label));
  return ed25519_from_seed(Secret::copy_of(seed));
}
inline std::string labelled_id(const std::string& label) {
  return "node_" + to_hex(sha256(view("id of " + label)));
}

}  // namespace drawbridge::test
