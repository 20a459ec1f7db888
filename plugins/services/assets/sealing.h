#pragma once

#include <functional>
#include <string>

#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/host.h"

namespace drawbridge {

struct SealedContent {
  std::string asset;  ///< The envelope's address, under which `blobs` has it now.
  std::uint64_t envelope_size = 0;
  std::uint64_t content_size = 0;
};

/// Seals content into a stored envelope as it streams: while one step is sealed on the blocking pool, the next is read,
/// and the previous is hashed and written. Memory is a few steps of 1 MiB. All references must outlive the task.
/// `before_commit` is told the address and awaited before anything is stored under it; when it throws, nothing is.
Task<SealedContent> seal_content(Host& host, const CipherSuite& suite, Blobs& blobs, const Secret& data_key,
                                 const ContentInfo& info, ByteSource& content,
                                 std::function<Task<>(std::string asset)> before_commit);

}  // namespace drawbridge
