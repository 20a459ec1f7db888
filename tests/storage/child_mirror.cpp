// storage_child mirror FOLDER: writes for ever to a mirror of two databases, each of which is away while FOLDER/a.out
// or FOLDER/b.out exists, and prints what was acknowledged: "put W N". Ends by being killed.
#include "child_mirror.h"

#include <thread>
#include <vector>

#include "drawbridge/records.h"
#include "storage/traffic.h"

namespace drawbridge::storage_test {
namespace {

Task<> write_for_ever(Records& records, int writer, void (*say)(const std::string&)) {
  const auto head = co_await records.get(head_key(writer));
  for (unsigned step = head ? static_cast<unsigned>(std::stoul(to_text(*head))) + 1 : 1;; ++step) {
    Batch batch;
    batch.put(step_key(writer, step, 0), step_value(writer, step))
        .put(head_key(writer), to_bytes(std::to_string(step)));
    bool acknowledged = true;
    try {
      co_await records.commit(std::move(batch));
    } catch (const Error& error) {
      if (error.code() != Code::unavailable) throw;
      acknowledged = false;  // both were away for a moment
    }
    if (acknowledged) say("put " + std::to_string(writer) + " " + std::to_string(step));
  }
}

}  // namespace

std::string mirror_yaml(const std::string& folder, const std::string& delay) {
  const auto side = [&](const std::string& name) {
    return "  " + name + ": {plugin: storage.rocksdb, sync: false, path: " + folder + "/" + name + "}\n" + "  slow_" +
           name + ": {plugin: storage.slow, over: " + name + ", calls: writes, delay: " + delay + "}\n" + "  at_" +
           name + ": {plugin: storage.faulty, over: slow_" + name + ", per_million: 1000000, only_while: " + folder +
           "/" + name + ".out}\n";
  };
  return "node: {name: child}\nstorage:\n" + side("a") + side("b") +
         "  main: {plugin: storage.mirror, first: at_a, second: at_b, retry: 10ms}\n";
}

int write_mirror(kernel::Node& node, void (*say)(const std::string&)) {
  const auto records = node.find<Records>("main");
  std::vector<std::thread> threads;
  for (int writer = 0; writer < mirror_writers; ++writer) {
    threads.emplace_back([&, writer] {
      try {
        node.wait(write_for_ever(*records, writer, say));
      } catch (const std::exception& error) {
        say(std::string("failed ") + error.what());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return 1;
}

}  // namespace drawbridge::storage_test
