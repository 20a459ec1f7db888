// The C++ side of bench/python.py: puts and reads one blob of 64 MiB as a C++ program would, and prints the seconds.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>

#include "drawbridge/blobs.h"
#include "drawbridge/random.h"
#include "kernel/node.h"

namespace drawbridge {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Task<> put(Blobs& blobs, BytesView content) {
  const auto writer = co_await blobs.create();
  co_await writer->write(content);
  co_await writer->commit("sha256:blob");
}

int run(const std::string& plugins, const std::string& plugin, const std::string& folder) {
  const auto path = plugin == "storage.memory" ? std::string() : fmt::format(", path: \"{}\"", folder);
  const auto text =
      fmt::format("node: {{name: bench}}\nlog: {{level: warning}}\nstorage: {{main: {{plugin: {}{}}}}}", plugin, path);
  kernel::NodeOptions options;
  options.plugin_dirs = {plugins};
  const auto node = kernel::Node::from_text(text, "bench.yaml", std::move(options));
  node->start();
  const Bytes content = system_random().bytes(64_MiB);
  const auto blobs = node->find<Blobs>("main");
  auto begin = std::chrono::steady_clock::now();
  node->wait(put(*blobs, content));
  const double put_seconds = seconds_since(begin);
  begin = std::chrono::steady_clock::now();
  Bytes read(content.size());
  const auto got = node->wait(blobs->read("sha256:blob", 0, read));
  fmt::print("{} {}\n", put_seconds, seconds_since(begin));
  return got == content.size() && read == content ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace drawbridge

int main(int argc, char** argv) {
  if (argc == 4) return drawbridge::run(argv[1], argv[2], argv[3]);
  fmt::print(stderr, "bench_python PLUGINS PLUGIN FOLDER\n");
  return EXIT_FAILURE;
}
