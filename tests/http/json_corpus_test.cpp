#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "drawbridge/http/json.h"

namespace drawbridge::http {
namespace {

bool accepts(const std::string& text) {
  try {
    parse_json(text);
    return true;
  } catch (const StatusError&) {
    return false;
  }
}

TEST(JsonCorpus, AcceptsAndRefusesAsToldByItsNames) {
  const char* vectors = std::getenv("DRAWBRIDGE_VECTORS");
  if (!vectors) {
    std::cout << "vectors: json left out, DRAWBRIDGE_VECTORS is not set\n";
    return;
  }
  int good = 0;
  int bad = 0;
  int either = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(vectors) / "json" / "test_parsing")) {
    const auto name = entry.path().filename().string();
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const bool accepted = accepts(text.str());
    if (name.starts_with("y_")) {
      ++good;
      EXPECT_TRUE(accepted) << name;
    } else if (name.starts_with("n_")) {
      ++bad;
      EXPECT_FALSE(accepted) << name;
    } else {
      ++either;
    }
  }
  std::cout << "vectors: json/test_parsing: " << good << " accepted, " << bad << " refused, " << either
            << " of either kind\n";
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace drawbridge::http
