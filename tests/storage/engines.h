#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "fixture.h"

namespace drawbridge::storage_test {

/// A storage on an embedded engine.
struct EngineKind {
  std::string name;
  std::string plugin;
  std::string other;    ///< Options that a reload can change under an open database.
  std::string starved;  ///< Everything has to come from the disk, and every blob is a file.
};

/// For GoogleTest.
inline void PrintTo(const EngineKind& kind, std::ostream* out) {
  *out << kind.name;
}

inline const std::vector<EngineKind>& engine_kinds() {
  static const std::vector<EngineKind> kinds = {
      {"rocksdb", "storage.rocksdb", "cache: 1MiB, write_buffer: 1MiB, max_open_files: 64",
       "cache: 1MiB, write_buffer: 1MiB, max_open_files: 32, blob_inline_max: 0"},
      {"sqlite", "storage.sqlite", "cache: 1MiB, max_readers: 2", "cache: 64KiB, max_readers: 1, blob_inline_max: 0"},
      {"lmdb", "storage.lmdb", "max_map: 1GiB", "map: 1MiB, blob_inline_max: 0"},
  };
  return kinds;
}

inline std::unique_ptr<kernel::Node> start_engine(const EngineKind& kind, const std::filesystem::path& path,
                                                  const std::string& options = {}) {
  return start_storage(kind.plugin, "path: " + path.string() + (options.empty() ? "" : ", " + options));
}

/// A test that runs on each.
class EngineTest : public testing::TestWithParam<EngineKind> {
 protected:
  std::unique_ptr<kernel::Node> start(const std::filesystem::path& path, const std::string& options = {}) {
    return start_engine(GetParam(), path, options);
  }
};

inline std::string kind_name(const testing::TestParamInfo<EngineKind>& kind) {
  return kind.param.name;
}

}  // namespace drawbridge::storage_test

/// In the file of the tests.
#define DRAWBRIDGE_EACH_ENGINE(suite) \
  INSTANTIATE_TEST_SUITE_P(Each, suite, testing::ValuesIn(engine_kinds()), kind_name)
