#pragma once

#include <memory>

#include "core.h"
#include "drawbridge/blobs.h"

namespace drawbridge::mirror {

/// A writer to both storages, or to the one that is there.
Task<std::unique_ptr<BlobWriter>> make_blob_writer(std::shared_ptr<Core> core);

}  // namespace drawbridge::mirror
