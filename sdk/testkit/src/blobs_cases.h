#pragma once

#include <string>

#include "drawbridge/testkit/blobs_suite.h"

namespace drawbridge::testkit {

void add_blob_content_cases(Suite<Blobs>& suite);
void add_blob_life_cases(Suite<Blobs>& suite);
void add_blob_list_cases(Suite<Blobs>& suite);
void add_concurrent_blob_cases(Suite<Blobs>& suite);
void add_random_blob_case(Suite<Blobs>& suite, std::uint64_t seed);

// What the cases share.

/// `size` bytes that are a function of `seed`, and differ from one seed to the next nearly everywhere.
Bytes content(std::uint64_t seed, std::size_t size);

/// Writes a blob in pieces of `piece` bytes and commits it.
Task<> store(Blobs& blobs, std::string id, Bytes bytes, std::size_t piece = 1_MiB);

/// The whole blob, read in pieces of `piece` bytes; checks its `stat`.
Task<Bytes> load(Blobs& blobs, std::string id, std::size_t piece = 1_MiB);

/// Up to `size` bytes from `offset`.
Task<Bytes> range(Blobs& blobs, std::string id, std::uint64_t offset, std::size_t size);

/// Every blob, page by page; checks the order, the bound of a page and what `more` promises.
Task<std::vector<BlobInfo>> all_blobs(Blobs& blobs, std::size_t limit);

}  // namespace drawbridge::testkit
