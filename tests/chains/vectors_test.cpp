// RFC 6962 proofs of others, good and spoiled.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "drawbridge/merkle.h"
#include "support/node.h"

namespace drawbridge {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// A spoiled vector may have a "hash" that is none; nothing then.
std::optional<Digest> digest(const json::value& value) {
  const auto bytes = from_base64(std::string_view(value.as_string()));
  Digest out;
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

std::optional<std::vector<Digest>> proof(const json::value& value) {
  std::vector<Digest> out;
  if (value.is_null()) return out;
  for (const json::value& item : value.as_array()) {
    const auto hash = digest(item);
    if (!hash) return std::nullopt;
    out.push_back(*hash);
  }
  return out;
}

/// Nothing when a hash is none. A spoiled vector is refused with that; a good one does not fit SHA-256 and is left out.
using Verdict = std::optional<bool>;

Verdict inclusion_holds(const json::object& vector) {
  const auto leaf = digest(vector.at("leafHash"));
  const auto root = digest(vector.at("root"));
  const auto hashes = proof(vector.at("proof"));
  if (!leaf || !root || !hashes) return std::nullopt;
  const auto index = vector.at("leafIdx").to_number<std::uint64_t>();
  const auto size = vector.at("treeSize").to_number<std::uint64_t>();
  return verify_inclusion(index, size, *leaf, *hashes, *root);
}

Verdict consistency_holds(const json::object& vector) {
  const auto root1 = digest(vector.at("root1"));
  const auto root2 = digest(vector.at("root2"));
  const auto hashes = proof(vector.at("proof"));
  if (!root1 || !root2 || !hashes) return std::nullopt;
  const auto size1 = vector.at("size1").to_number<std::uint64_t>();
  const auto size2 = vector.at("size2").to_number<std::uint64_t>();
  return verify_consistency(size1, size2, *root1, *root2, *hashes);
}

void run(const std::string& kind, Verdict (*holds)(const json::object&)) {
  const char* folder = std::getenv("DRAWBRIDGE_VECTORS");
  if (folder == nullptr) {
    std::cout << "vectors: merkle/" << kind << " left out, DRAWBRIDGE_VECTORS is not set\n";
    return;
  }
  int good = 0, spoiled = 0, left_out = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(folder) / "merkle" / kind)) {
    if (entry.path().extension() != ".json") continue;
    const json::value vector = json::parse(support::read_text(entry.path()));
    const bool want = !vector.at("wantErr").as_bool();
    const Verdict holding = holds(vector.as_object());
    if (want && !holding) {
      ++left_out;
      continue;
    }
    EXPECT_EQ(holding.value_or(false), want) << entry.path();
    ++(want ? good : spoiled);
  }
  std::cout << "vectors: merkle/" << kind << ": " << good << " good and " << spoiled << " spoiled cases, " << left_out
            << " left out for roots that are no SHA-256\n";
  EXPECT_GT(good, 0);
  EXPECT_GT(spoiled, 0);
}

TEST(MerkleVectors, Inclusion) {
  run("inclusion", inclusion_holds);
}
TEST(MerkleVectors, Consistency) {
  run("consistency", consistency_holds);
}

}  // namespace
}  // namespace drawbridge
