// The conformance suites on every storage plugin.
#include "drawbridge/testkit/blobs_suite.h"
#include "drawbridge/testkit/records_suite.h"
#include "fixture.h"
#include "support/suite.h"

namespace drawbridge::storage_test {
namespace {

std::unique_ptr<kernel::Node> memory() {
  return start_storage("storage.memory");
}

/// In a folder of its own, which lives until the next node is made.
std::unique_ptr<kernel::Node> rocksdb_with(const std::string& options) {
  static std::unique_ptr<support::TempDir> folder;
  folder = std::make_unique<support::TempDir>();
  return start_rocksdb(folder->path(), options);
}

std::unique_ptr<kernel::Node> rocksdb() {
  return rocksdb_with({});
}

// Everything has to come from the disk, and every blob is a file.
std::unique_ptr<kernel::Node> starved_rocksdb() {
  return rocksdb_with("cache: 1MiB, write_buffer: 1MiB, max_open_files: 32, blob_inline_max: 0");
}

using support::register_suite;

[[maybe_unused]] const bool registered = [] {
  register_suite("MemoryRecords", testkit::records_suite(), memory, "main");
  register_suite("MemoryBlobs", testkit::blobs_suite(), memory, "main");
  register_suite("RocksdbRecords", testkit::records_suite(), rocksdb, "main");
  register_suite("RocksdbBlobs", testkit::blobs_suite(), rocksdb, "main");
  register_suite("StarvedRocksdbRecords", testkit::records_suite(2), starved_rocksdb, "main");
  register_suite("StarvedRocksdbBlobs", testkit::blobs_suite(2), starved_rocksdb, "main");
  return true;
}();

}  // namespace
}  // namespace drawbridge::storage_test
