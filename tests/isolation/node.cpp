// A node with isolated components: prints their process ids, then runs until it is killed.
#include "kernel/node.h"

#include <unistd.h>

#include <cstdio>

#include "drawbridge/records.h"

int main() {
  using namespace drawbridge;
  kernel::NodeOptions options;
  options.plugin_dirs = {DRAWBRIDGE_PLUGIN_DIR, ISOLATION_BAD_PLUGINS};
  options.log_level = Level::off;
  const auto node = kernel::Node::from_text(
      "node: {name: test}\nstorage:\n  a: {plugin: test.bad, isolate: process}\n  b: {plugin: test.bad, isolate: "
      "process}\n",
      "test.yaml", options);
  node->start();
  for (const char* component : {"a", "b"}) {
    const auto pid = node->wait(node->find<Records>(component)->get("pid"));
    std::printf("%s\n", to_text(*pid).c_str());
  }
  // One of them is in the middle of something that it does not come back from.
  const auto hanging = node->find<Records>("b");
  std::fflush(stdout);
  try {
    node->wait(hanging->get("stuck"));
  } catch (const Error&) {
  }
  for (;;) ::pause();
}
