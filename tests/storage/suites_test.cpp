// The conformance suites on every storage plugin.
#include "drawbridge/testkit/blobs_suite.h"
#include "drawbridge/testkit/records_suite.h"
#include "engines.h"
#include "support/suite.h"

namespace drawbridge::storage_test {
namespace {

std::unique_ptr<kernel::Node> memory() {
  return start_storage("storage.memory");
}

/// In a folder of its own, which lives until the next node is made.
std::unique_ptr<kernel::Node> in_new_folder(const EngineKind& kind, const std::string& options) {
  static std::unique_ptr<support::TempDir> folder;
  folder = std::make_unique<support::TempDir>();
  return start_engine(kind, folder->path(), options);
}

// In a process of its own.
std::unique_ptr<kernel::Node> isolated_memory() {
  return start_storage("storage.memory", "isolate: process");
}
std::unique_ptr<kernel::Node> isolated_rocksdb() {
  return in_new_folder(engine_kinds().front(), "isolate: process");
}

using support::register_suite;

[[maybe_unused]] const bool registered = [] {
  register_suite("MemoryRecords", testkit::records_suite(), memory, "main");
  register_suite("MemoryBlobs", testkit::blobs_suite(), memory, "main");
  for (const auto& kind : engine_kinds()) {
    const auto plain = [kind] { return in_new_folder(kind, {}); };
    const auto starved = [kind] { return in_new_folder(kind, kind.starved); };
    register_suite((kind.name + "Records").c_str(), testkit::records_suite(), plain, "main");
    register_suite((kind.name + "Blobs").c_str(), testkit::blobs_suite(), plain, "main");
    register_suite((kind.name + "StarvedRecords").c_str(), testkit::records_suite(2), starved, "main");
    register_suite((kind.name + "StarvedBlobs").c_str(), testkit::blobs_suite(2), starved, "main");
  }
  register_suite("IsolatedMemoryRecords", testkit::records_suite(3), isolated_memory, "main");
  register_suite("IsolatedMemoryBlobs", testkit::blobs_suite(3), isolated_memory, "main");
  register_suite("IsolatedRocksdbRecords", testkit::records_suite(4), isolated_rocksdb, "main");
  register_suite("IsolatedRocksdbBlobs", testkit::blobs_suite(4), isolated_rocksdb, "main");
  return true;
}();

}  // namespace
}  // namespace drawbridge::storage_test
