#pragma once

#include <memory>

#include "drawbridge/cipher_suite.h"
#include "drawbridge/clock.h"
#include "drawbridge/random.h"

namespace drawbridge::fernet {

/// The chunks of an envelope in the `fernet` suite, see docs/formats/envelope.md. `random` and `clock` must outlive it.
/// Throws Error{invalid} for a key of another size than `CipherSuite::data_key_bytes`.
std::unique_ptr<ChunkCipher> make_chunk_cipher(const Secret& data_key, BytesView header, Random& random,
                                               const Clock& clock);

}  // namespace drawbridge::fernet
