#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/component.h"

namespace drawbridge {

/// Receives one blob as a stream. Used by one task at a time. Destroying it uncommitted leaves no trace.
class DRAWBRIDGE_API BlobWriter {
 public:
  virtual ~BlobWriter();

  /// Appends. `bytes` must stay valid until the task ends. Throws too_large, unavailable ("disk full").
  virtual Task<> write(BytesView bytes) = 0;

  /// Makes what was written durable and visible, all at once, under `id`. An id that exists already keeps its bytes
  /// and the new ones are dropped: a blob's id is the hash of its bytes, so they are the same. Called once, last.
  virtual Task<> commit(std::string id) = 0;
};

struct BlobInfo {
  std::string id;
  std::uint64_t size = 0;
  friend bool operator==(const BlobInfo&, const BlobInfo&) = default;
};

/// Large immutable bytes, named by their content's hash. Content is ciphertext.
/// All methods are thread-safe. Errors besides those named: unavailable, corrupt.
class DRAWBRIDGE_API Blobs : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Blobs";
  static constexpr std::size_t max_page = 4096;

  ~Blobs() override;

  virtual Task<std::unique_ptr<BlobWriter>> create() = 0;

  /// Its size, or nothing when there is no such blob.
  virtual Task<std::optional<BlobInfo>> stat(std::string id) = 0;

  /// Reads from `offset` into `out`, which must stay valid until the task ends, and returns how many bytes: less than
  /// asked only at the end of the blob, 0 at or behind it. Throws not_found.
  virtual Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) = 0;

  /// Whether there was such a blob. A reader in the middle of it gets not_found or the old bytes, never others.
  virtual Task<bool> erase(std::string id) = 0;

  struct Page {
    std::vector<BlobInfo> blobs;
    bool more = false;
  };
  /// Blobs whose id is greater than `after` (empty: from the start), in order of id, at most `limit` (1 to 4 096).
  virtual Task<Page> list(std::string after, std::size_t limit) = 0;
};

/// Whether an id can name a blob: 1 to 128 of the characters a-z, 0-9, ':', '-', '_', '.', not starting with '.'. No id
/// can escape a folder. Implementations refuse others with invalid on commit and treat them as absent elsewhere.
DRAWBRIDGE_API bool is_blob_id(std::string_view id);

}  // namespace drawbridge
