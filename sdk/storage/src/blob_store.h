#pragma once

#include <memory>
#include <string>

#include "drawbridge/blobs.h"
#include "engine.h"

namespace drawbridge::storage {

// The Blobs facet on an engine that runs; see Blobs for what each promises. The engine must outlive the tasks.

Task<std::optional<BlobInfo>> stat_blob(Engine& engine, std::string id);
Task<std::size_t> read_blob(Engine& engine, std::string id, std::uint64_t offset, MutableBytes out);
Task<bool> erase_blob(Engine& engine, std::string id);
Task<Blobs::Page> list_blobs(Engine& engine, std::string after, std::size_t limit);

}  // namespace drawbridge::storage
