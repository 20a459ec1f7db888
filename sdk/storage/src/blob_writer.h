#pragma once

#include <memory>

#include "drawbridge/blobs.h"
#include "engine.h"

namespace drawbridge::storage {

std::unique_ptr<BlobWriter> make_blob_writer(std::shared_ptr<Engine> engine);

}  // namespace drawbridge::storage
