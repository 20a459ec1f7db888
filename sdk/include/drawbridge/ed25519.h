#pragma once

#include "drawbridge/bytes.h"
#include "drawbridge/random.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// Ed25519 (RFC 8032): the node key. It signs checkpoints and cards and authenticates connections, in every suite.
/// Public keys are 32 bytes, signatures 64, private keys the 32-byte seed.
struct Ed25519Key {
  Bytes public_key;
  Secret seed;
};

DRAWBRIDGE_API Ed25519Key ed25519_generate(Random& random);
/// Throws Error{invalid} unless the seed has 32 bytes.
DRAWBRIDGE_API Ed25519Key ed25519_from_seed(const Secret& seed);
DRAWBRIDGE_API Bytes ed25519_sign(const Secret& seed, BytesView message);
/// False for wrong lengths too.
DRAWBRIDGE_API bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature);

}  // namespace drawbridge
