// What a facet costs: a call through a plugin against a direct call, and storage plugins against their bare engines.
// Each pair is taken A B A B … in one run; the medians and their ratio are printed as JSON lines for run.py.
#include <fmt/core.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <shared_mutex>
#include <vector>

#include "drawbridge/records.h"
#include "kernel/node.h"

namespace drawbridge {
namespace {

constexpr int rounds = 7;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Runs both in turn; reports nanoseconds an operation and plugin speed over bare speed.
void compare(const std::string& name, int operations, const std::function<void()>& bare,
             const std::function<void()>& plugin) {
  std::vector<double> a, b;
  bare();
  plugin();
  for (int i = 0; i < rounds; ++i) {
    a.push_back(seconds(bare));
    b.push_back(seconds(plugin));
  }
  const double bare_ns = median(a) * 1e9 / operations;
  const double plugin_ns = median(b) * 1e9 / operations;
  fmt::print(
      "{{\"name\": \"{}\", \"bare_ns\": {:.1f}, \"plugin_ns\": {:.1f}, \"difference_ns\": {:.1f}, \"ratio\": "
      "{:.3f}}}\n",
      name, bare_ns, plugin_ns, plugin_ns - bare_ns, bare_ns / plugin_ns);
  std::fflush(stdout);
}

Key key_of(int i) {
  return fmt::format("key/{:08}", i);
}

Task<> get_loop(std::shared_ptr<Records> records, const std::vector<Key>& keys, int count) {
  for (int i = 0; i < count; ++i) {
    if (!(co_await records->get(keys[static_cast<std::size_t>(i) % keys.size()]))) std::abort();
  }
}

Task<> absent_loop(std::shared_ptr<Records> records, int count) {
  for (int i = 0; i < count; ++i) {
    if (co_await records->get("absent")) std::abort();
  }
}

Task<> put_loop(std::shared_ptr<Records> records, const std::vector<Key>& keys, Bytes value, int count) {
  for (int i = 0; i < count; ++i) {
    Batch batch;
    batch.put(keys[static_cast<std::size_t>(i) % keys.size()], value);
    co_await records->commit(std::move(batch));
  }
}

/// What storage.memory does, without the plugin around it.
class BareMap {
 public:
  std::optional<Bytes> get(const Key& key) const {
    const std::shared_lock lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return std::nullopt;
    return found->second;
  }
  void put(const Key& key, Bytes value) {
    const std::unique_lock lock(mutex_);
    map_[key] = std::move(value);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<Key, Bytes> map_;
};

void measure_call(kernel::Node& node) {
  constexpr int calls = 1'000'000;
  const auto records = node.find<Records>("empty");
  const BareMap bare;
  compare(
      "facet call", calls,
      [&] {
        for (int i = 0; i < calls; ++i) {
          if (bare.get("absent")) std::abort();
        }
      },
      [&] { node.wait(absent_loop(records, calls)); });
}

void measure_memory(kernel::Node& node, const std::vector<Key>& keys, const Bytes& value) {
  constexpr int gets = 500'000;
  const auto records = node.find<Records>("memory");
  BareMap bare;
  for (const Key& key : keys) bare.put(key, value);
  node.wait(put_loop(records, keys, value, static_cast<int>(keys.size())));
  compare(
      "storage.memory get 1 KiB", gets,
      [&] {
        for (int i = 0; i < gets; ++i) {
          if (!bare.get(keys[static_cast<std::size_t>(i) % keys.size()])) std::abort();
        }
      },
      [&] { node.wait(get_loop(records, keys, gets)); });
}

void measure_rocksdb(kernel::Node& node, const std::filesystem::path& folder, const std::vector<Key>& keys,
                     const Bytes& value) {
  constexpr int gets = 200'000;
  constexpr int puts = 300;
  const auto records = node.find<Records>("rocksdb");
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 16_MiB;  // as the plugin's default
  rocksdb::DB* db = nullptr;
  if (!rocksdb::DB::Open(options, (folder / "bare").string(), &db).ok()) std::abort();
  const std::unique_ptr<rocksdb::DB> owned(db);
  const rocksdb::Slice slice(reinterpret_cast<const char*>(value.data()), value.size());
  for (const Key& key : keys) db->Put({}, key, slice);
  Batch batch;
  for (const Key& key : keys) batch.put(key, value);
  node.wait(records->commit(std::move(batch)));

  compare(
      "storage.rocksdb get 1 KiB", gets,
      [&] {
        std::string out;
        for (int i = 0; i < gets; ++i) {
          if (!db->Get({}, keys[static_cast<std::size_t>(i) % keys.size()], &out).ok()) std::abort();
        }
      },
      [&] { node.wait(get_loop(records, keys, gets)); });
  rocksdb::WriteOptions synced;
  synced.sync = true;
  compare(
      "storage.rocksdb synced put 1 KiB, 1 client", puts,
      [&] {
        for (int i = 0; i < puts; ++i) {
          if (!db->Put(synced, keys[static_cast<std::size_t>(i)], slice).ok()) std::abort();
        }
      },
      [&] { node.wait(put_loop(records, keys, value, puts)); });
}

int run(const std::string& plugins) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("drawbridge-bench-{}", getpid());
  std::filesystem::create_directories(folder);
  {
    const std::string yaml = fmt::format(R"(
node: {{name: bench, data: {0}, io_threads: 1}}
log: {{level: warning}}
storage:
  empty: {{plugin: storage.memory}}
  memory: {{plugin: storage.memory}}
  rocksdb: {{plugin: storage.rocksdb, path: {0}/db}}
)",
                                         folder.string());
    kernel::NodeOptions options;
    options.plugin_dirs = {plugins};
    const auto node = kernel::Node::from_text(yaml, "bench.yaml", options);
    node->start();
    std::vector<Key> keys;
    for (int i = 0; i < 10'000; ++i) keys.push_back(key_of(i));
    const Bytes value(1024, 0x5a);
    measure_call(*node);
    measure_memory(*node, keys, value);
    measure_rocksdb(*node, folder, keys, value);
    node->stop();
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace drawbridge

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_facets PLUGIN_FOLDER\n");
    return 2;
  }
  return drawbridge::run(argv[1]);
}
