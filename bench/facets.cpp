// What a facet costs: a call through a plugin against a direct call, and storage plugins against their bare engines.
// Each pair is taken A B A B … in one run; the medians and their ratio are printed as JSON lines for run.py.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "drawbridge/records.h"
#include "engines.h"
#include "kernel/node.h"

namespace drawbridge {
namespace {

constexpr int rounds = 7;
constexpr int writers = 64;

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

/// Another one each time: SQLite writes nothing for a value that is there already.
void vary(Bytes& value) {
  static std::atomic<std::uint64_t> count{0};
  const auto now = ++count;
  std::memcpy(value.data(), &now, sizeof now);
}

Task<> put_loop(std::shared_ptr<Records> records, const std::vector<Key>& keys, Bytes value, int count) {
  for (int i = 0; i < count; ++i) {
    vary(value);
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

Task<> commit_all(std::shared_ptr<Records> records, Batch batch) {
  co_await records->commit(std::move(batch));
}

/// Each of the writers with keys of its own, one put after the other.
void put_from_many(kernel::Node& node, const std::shared_ptr<Records>& records, const std::vector<Key>& keys,
                   const Bytes& value, int puts) {
  std::vector<std::future<void>> done;
  for (int writer = 0; writer < writers; ++writer) {
    const std::vector<Key> own(keys.begin() + writer * puts, keys.begin() + (writer + 1) * puts);
    done.push_back(std::async(std::launch::async, [&, own] { node.wait(put_loop(records, own, value, puts)); }));
  }
  for (auto& one : done) one.get();
}

void bare_put_from_many(BareEngine& bare, const std::vector<Key>& keys, Bytes value, int puts) {
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer, value]() mutable {
      for (int i = 0; i < puts; ++i) {
        vary(value);
        bare.put(keys[static_cast<std::size_t>(writer * puts + i)], value);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

void measure_engine(kernel::Node& node, const std::string& engine, BareEngine& bare, const std::vector<Key>& keys,
                    const Bytes& value) {
  constexpr int gets = 100'000;
  constexpr int puts = 300;
  constexpr int puts_of_each = 20;
  const auto records = node.find<Records>(engine);
  const auto name = "storage." + engine;
  Batch batch;
  for (const Key& key : keys) batch.put(key, value);
  bare.fill(keys, value);
  node.wait(commit_all(records, std::move(batch)));
  compare(
      name + " get 1 KiB", gets,
      [&] {
        for (int i = 0; i < gets; ++i) {
          if (bare.get(keys[static_cast<std::size_t>(i) % keys.size()]).size() != value.size()) std::abort();
        }
      },
      [&] { node.wait(get_loop(records, keys, gets)); });
  compare(
      name + " synced put 1 KiB, 1 client", puts,
      [&] {
        Bytes varied = value;
        for (int i = 0; i < puts; ++i) {
          vary(varied);
          bare.put(keys[static_cast<std::size_t>(i)], varied);
        }
      },
      [&] { node.wait(put_loop(records, keys, value, puts)); });
  compare(
      fmt::format("{} synced put 1 KiB, {} clients", name, writers), writers * puts_of_each,
      [&] { bare_put_from_many(bare, keys, value, puts_of_each); },
      [&] { put_from_many(node, records, keys, value, puts_of_each); });
}

/// What one sync costs here: nothing that is durable can be faster.
void measure_sync(const std::filesystem::path& folder) {
  constexpr int syncs = 300;
  const Bytes page(4096, 1);
  const int file = ::open((folder / "sync").c_str(), O_RDWR | O_CREAT, 0600);
  auto write_one = [&](int i) {
    if (::pwrite(file, page.data(), page.size(), i * 4096) < 0 || ::fdatasync(file) != 0) std::abort();
  };
  for (int i = 0; i < syncs; ++i) write_one(i);
  std::vector<double> took;
  for (int i = 0; i < syncs; ++i) took.push_back(seconds([&] { write_one(i); }) * 1e6);
  std::sort(took.begin(), took.end());
  ::close(file);
  fmt::print("{{\"name\": \"bare sync of 4 KiB\", \"median_us\": {:.0f}, \"p99_us\": {:.0f}}}\n", took[syncs / 2],
             took[syncs * 99 / 100]);
  std::fflush(stdout);
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
  rocksdb: {{plugin: storage.rocksdb, path: {0}/rocksdb}}
  sqlite: {{plugin: storage.sqlite, path: {0}/sqlite}}
  lmdb: {{plugin: storage.lmdb, path: {0}/lmdb}}
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
    measure_sync(folder);
    for (const auto& [engine, open] : bare_engines()) {
      const auto bare = open(folder);
      measure_engine(*node, engine, *bare, keys, value);
    }
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
