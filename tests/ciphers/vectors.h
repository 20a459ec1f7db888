#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "drawbridge/bytes.h"
#include "support/node.h"

namespace drawbridge::support {

/// A file of published test vectors, below the folder that DRAWBRIDGE_VECTORS names; nothing, and a line that says so,
/// without it.
inline std::optional<boost::json::value> read_vectors(const std::string& file) {
  const char* folder = std::getenv("DRAWBRIDGE_VECTORS");
  if (folder == nullptr || *folder == '\0') {
    std::printf("vectors: %s left out, DRAWBRIDGE_VECTORS is not set\n", file.c_str());
    return std::nullopt;
  }
  return boost::json::parse(read_text(std::filesystem::path(folder) / file));
}

/// Prints how many cases a file had. A file without any fails the test.
inline void count_vectors(const std::string& file, std::size_t cases) {
  std::printf("vectors: %s: %zu %s\n", file.c_str(), cases, cases == 1 ? "case" : "cases");
  EXPECT_GT(cases, 0u) << file;
}

inline std::string text_of(const boost::json::value& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}
inline Bytes hex_of(const boost::json::value& object, std::string_view key) {
  return from_hex(text_of(object, key)).value();
}

}  // namespace drawbridge::support
