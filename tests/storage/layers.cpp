#include "layers.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "drawbridge/storage.h"

namespace drawbridge::storage_test {

std::unique_ptr<kernel::Node> start_layers(const std::string& lines) {
  std::string yaml = "node: {name: test}\nstorage:\n";
  std::size_t begin = 0;
  while (begin < lines.size()) {
    const auto end = lines.find('\n', begin);
    yaml += "  " + lines.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return support::start_node(yaml);
}

std::string component(const std::string& name, const std::string& id, const std::string& options) {
  return name + ": {plugin: storage." + id + (options.empty() ? "" : ", " + options) + "}\n";
}

std::map<std::string, Bytes> content_of(kernel::Node& node, const std::string& name) {
  std::map<std::string, Bytes> out;
  const auto records = node.find<Records>(name);
  const auto blobs = node.find<Blobs>(name);
  for (Key after;;) {
    const auto page = node.wait(records->scan("", after, Records::max_page));
    for (const auto& record : page.records) {
      after = record.key;
      if (!is_internal_key(record.key)) out["r" + record.key] = record.value;
    }
    if (!page.more) break;
  }
  const auto page = node.wait(blobs->list("", Blobs::max_page));
  EXPECT_FALSE(page.more);
  for (const auto& blob : page.blobs) {
    auto& bytes = out["b" + blob.id];
    bytes.resize(blob.size);
    EXPECT_EQ(node.wait(blobs->read(blob.id, 0, bytes)), blob.size);
  }
  return out;
}

void Switch::on() const {
  std::ofstream(file_) << "on";
}
void Switch::off() const {
  std::filesystem::remove(file_);
}
std::string Switch::outage() const {
  return "per_million: 1000000, only_while: " + file_.string();
}

Health health_of(kernel::Node& node, const std::string& name) {
  for (const auto& status : node.status()) {
    if (status.name == name) return status.health;
  }
  ADD_FAILURE() << "there is no " << name;
  return {};
}

void wait_for(kernel::Node& node, const std::string& name, Health::State state) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < until) {
    if (health_of(node, name).state == state) return;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  ADD_FAILURE() << name << " is never " << drawbridge::name(state) << ": " << health_of(node, name).detail;
}

}  // namespace drawbridge::storage_test
