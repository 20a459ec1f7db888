#pragma once

#include <cstdint>
#include <filesystem>

#include "drawbridge/bytes.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// The whole of a small file. Throws not_found, too_large beyond `max_bytes`, unavailable with the system's reason.
DRAWBRIDGE_API Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// Replaces a file so that after a crash there is the old content or the new, never a mix: a temporary file beside it,
/// fsync, rename, fsync of the folder. The folder must exist. `mode` as for chmod(2). Throws unavailable.
DRAWBRIDGE_API void write_file(const std::filesystem::path& path, BytesView content, unsigned mode);

/// Reads a file that holds a secret: a regular file of this user or root, that nobody else may read. One trailing
/// newline is dropped. Throws not_found, forbidden with the chmod to run, invalid when it is empty.
DRAWBRIDGE_API Secret read_secret_file(const std::filesystem::path& path);

}  // namespace drawbridge
