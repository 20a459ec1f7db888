// What `isolate: process` costs: the same calls on a component in the node's process and on one in a process of its
// own, taken A B A B … in one run; medians as JSON lines for run.py.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
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

/// `amount` of calls, or of bytes.
void compare(const std::string& name, double amount, const std::function<void()>& inside,
             const std::function<void()>& isolated) {
  std::vector<double> a, b;
  inside();
  isolated();
  for (int i = 0; i < rounds; ++i) {
    a.push_back(seconds(inside));
    b.push_back(seconds(isolated));
  }
  const double inside_ns = median(a) * 1e9 / amount;
  const double isolated_ns = median(b) * 1e9 / amount;
  fmt::print(
      "{{\"name\": \"{}\", \"inside_ns\": {:.3f}, \"isolated_ns\": {:.3f}, \"more_us\": {:.3f}, \"gb_per_s\": "
      "{:.3f}}}\n",
      name, inside_ns, isolated_ns, (isolated_ns - inside_ns) / 1e3, 1 / isolated_ns);
  std::fflush(stdout);
}

Task<> absent_loop(std::shared_ptr<Records> records, int count) {
  for (int i = 0; i < count; ++i) {
    auto getting = records->get("absent");
    const auto found = co_await std::move(getting);
    if (found) std::abort();
  }
}

Task<> get_loop(std::shared_ptr<Records> records, int count) {
  for (int i = 0; i < count; ++i) {
    auto getting = records->get("there");
    const auto found = co_await std::move(getting);
    if (!found) std::abort();
  }
}

Task<> put_one(std::shared_ptr<Records> records) {
  Batch batch;
  batch.put("there", Bytes(1024, 0x5a));
  auto putting = records->commit(std::move(batch));
  co_await std::move(putting);
}

Task<> write_blob(std::shared_ptr<Blobs> blobs, std::string id, const Bytes& piece, std::size_t pieces) {
  auto creating = blobs->create();
  const auto writer = co_await std::move(creating);
  for (std::size_t i = 0; i < pieces; ++i) {
    auto writing = writer->write(piece);
    co_await std::move(writing);
  }
  auto committing = writer->commit(id);
  co_await std::move(committing);
}

Task<> read_blob(std::shared_ptr<Blobs> blobs, std::string id, Bytes& out, std::size_t pieces) {
  for (std::size_t i = 0; i < pieces; ++i) {
    auto reading = blobs->read(id, i * out.size(), out);
    const auto got = co_await std::move(reading);
    if (got != out.size()) std::abort();
  }
}

/// One blob of a piece after the other, so that the storage has no large memory to grow: what is measured is the way.
Task<> write_and_erase(std::shared_ptr<Blobs> blobs, const Bytes& piece, std::size_t pieces) {
  for (std::size_t i = 0; i < pieces; ++i) {
    auto writing = write_blob(blobs, "bench-again", piece, 1);
    co_await std::move(writing);
    auto erasing = blobs->erase("bench-again");
    co_await std::move(erasing);
  }
}

void measure_calls(kernel::Node& node) {
  const auto inside = node.find<Records>("inside");
  const auto isolated = node.find<Records>("isolated");
  constexpr int calls = 20'000;
  compare(
      "get of nothing", calls, [&] { node.wait(absent_loop(inside, calls)); },
      [&] { node.wait(absent_loop(isolated, calls)); });
  for (const auto& records : {inside, isolated}) node.wait(put_one(records));
  compare(
      "get of 1 KiB", calls, [&] { node.wait(get_loop(inside, calls)); },
      [&] { node.wait(get_loop(isolated, calls)); });
  const auto suite = node.find<CipherSuite>("suite");
  const auto isolated_suite = node.find<CipherSuite>("isolated_suite");
  const auto ask = [](const CipherSuite& one) {
    for (int i = 0; i < calls; ++i) {
      if (one.password_parameters().empty()) std::abort();
    }
  };
  compare(
      "call that blocks", calls, [&] { ask(*suite); }, [&] { ask(*isolated_suite); });
}

void measure_bulk(kernel::Node& node) {
  const auto inside = node.find<Blobs>("inside");
  const auto isolated = node.find<Blobs>("isolated");
  constexpr std::size_t pieces = 128;
  Bytes piece(1_MiB, 0x5a);
  const double bytes = static_cast<double>(pieces) * static_cast<double>(piece.size());
  compare(
      "blob write", bytes, [&] { node.wait(write_and_erase(inside, piece, pieces)); },
      [&] { node.wait(write_and_erase(isolated, piece, pieces)); });
  for (const auto& blobs : {inside, isolated}) node.wait(write_blob(blobs, "bench", piece, pieces));
  compare(
      "blob read", bytes, [&] { node.wait(read_blob(inside, "bench", piece, pieces)); },
      [&] { node.wait(read_blob(isolated, "bench", piece, pieces)); });
}

int run(const std::string& plugins) {
  kernel::NodeOptions options;
  options.plugin_dirs = {plugins};
  const auto node = kernel::Node::from_text(R"(
node: {name: bench, io_threads: 1}
log: {level: warning}
storage:
  inside: {plugin: storage.memory, max_bytes: 1GiB}
  isolated: {plugin: storage.memory, max_bytes: 1GiB, isolate: {memory: 2GiB}}
ciphers:
  suite: {plugin: cipher.fernet}
  isolated_suite: {plugin: cipher.fernet, isolate: process}
)",
                                            "bench.yaml", options);
  node->start();
  measure_calls(*node);
  measure_bulk(*node);
  node->stop();
  return 0;
}

}  // namespace
}  // namespace drawbridge

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_isolation PLUGIN_FOLDER\n");
    return 2;
  }
  return drawbridge::run(argv[1]);
}
