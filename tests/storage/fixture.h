#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/blobs.h"
#include "drawbridge/records.h"
#include "support/node.h"

namespace drawbridge::storage_test {

/// A node whose component "main" is the plugin, with more options in YAML ("cache: 1MiB, sync: false").
std::unique_ptr<kernel::Node> start_storage(const std::string& plugin, const std::string& options = {});
std::unique_ptr<kernel::Node> start_rocksdb(const std::filesystem::path& path, const std::string& options = {});

/// The component "main" of a node, with calls that wait.
class Storage {
 public:
  explicit Storage(kernel::Node& node);

  void put(const std::string& key, Bytes value);
  void put(const std::string& key, std::string_view value) { put(key, to_bytes(value)); }
  void erase(const std::string& key);
  /// The value as text, or "(absent)".
  std::string get(const std::string& key);
  void store(const std::string& id, const Bytes& bytes);
  /// Nothing when there is no such blob.
  std::optional<Bytes> load(const std::string& id);
  bool erase_blob(const std::string& id);

  kernel::Node& node;
  std::shared_ptr<Records> records;
  std::shared_ptr<Blobs> blobs;
};

/// Calls it and returns the Error; fails the test when there is none.
template <class Call>
Error error_of(Call call);

/// Bytes that do not compress, a function of the seed.
Bytes noise(std::size_t size, unsigned seed = 1);

/// The files below a folder whose names have this part, in order.
std::vector<std::filesystem::path> files_with(const std::filesystem::path& folder, const std::string& part);
void overwrite(const std::filesystem::path& file, std::streamoff offset, const std::string& bytes);
/// Of the storage "main" at a path: that it says what is damaged, and what to do.
void expect_corrupt(const Error& error, const std::filesystem::path& path);

Error no_error();

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return no_error();
}

}  // namespace drawbridge::storage_test
