#include "fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace drawbridge::storage_test {
namespace {

Task<> store_task(Blobs& blobs, std::string id, BytesView bytes) {
  const auto writer = co_await blobs.create();
  co_await writer->write(bytes);
  co_await writer->commit(std::move(id));
}

Task<std::optional<Bytes>> load_task(Blobs& blobs, std::string id) {
  const auto info = co_await blobs.stat(id);
  if (!info) co_return std::nullopt;
  Bytes out(info->size);
  out.resize(co_await blobs.read(id, 0, out));
  co_return out;
}

}  // namespace

std::unique_ptr<kernel::Node> start_storage(const std::string& plugin, const std::string& options) {
  return support::start_node("node: {name: test}\nstorage: {main: {plugin: " + plugin +
                             (options.empty() ? "" : ", " + options) + "}}\n");
}

std::unique_ptr<kernel::Node> start_rocksdb(const std::filesystem::path& path, const std::string& options) {
  return start_storage("storage.rocksdb", "path: " + path.string() + (options.empty() ? "" : ", " + options));
}

Storage::Storage(kernel::Node& node_)
    : node(node_), records(node_.find<Records>("main")), blobs(node_.find<Blobs>("main")) {}

void Storage::put(const std::string& key, Bytes value) {
  Batch batch;
  batch.put(key, std::move(value));
  node.wait(records->commit(std::move(batch)));
}

void Storage::erase(const std::string& key) {
  Batch batch;
  batch.erase(key);
  node.wait(records->commit(std::move(batch)));
}

std::string Storage::get(const std::string& key) {
  const auto value = node.wait(records->get(key));
  return value ? to_text(*value) : "(absent)";
}

void Storage::store(const std::string& id, const Bytes& bytes) {
  node.wait(store_task(*blobs, id, bytes));
}

std::optional<Bytes> Storage::load(const std::string& id) {
  return node.wait(load_task(*blobs, id));
}

bool Storage::erase_blob(const std::string& id) {
  return node.wait(blobs->erase(id));
}

Bytes noise(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random() >> 32);
  return out;
}

std::vector<std::filesystem::path> files_with(const std::filesystem::path& folder, const std::string& part) {
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.is_regular_file() && file.path().filename().string().find(part) != std::string::npos)
      found.push_back(file);
  }
  std::ranges::sort(found);
  return found;
}

void overwrite(const std::filesystem::path& file, std::streamoff offset, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(offset);
  out << bytes;
  ASSERT_TRUE(out.flush());
}

void expect_corrupt(const Error& error, const std::filesystem::path& path) {
  EXPECT_EQ(error.code(), Code::corrupt) << error.what();
  EXPECT_TRUE(std::string(error.what()).find("storage 'main': ") != std::string::npos) << error.what();
  EXPECT_NE(error.hint().find("restore '" + path.string() + "' from a backup"), std::string::npos) << error.hint();
  std::printf("  %s\n", error.what());
}

Error no_error() {
  ADD_FAILURE() << "nothing was thrown";
  return {Code::internal, "nothing was thrown"};
}

}  // namespace drawbridge::storage_test
