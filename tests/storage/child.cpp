// The helper of the storage tests: a node of its own process.
//
//   storage_child write PLUGIN PATH   writes for ever from several threads, and prints what was acknowledged:
//                                   "batch W N", "blob W N", "erased W N"; ends by being killed
//   storage_child mirror FOLDER       see child_mirror.cpp
//   storage_child full PLUGIN FOLDER HOW DISK
//                                     fills a small disk (a file system of its own, or where that is not allowed a
//                                     limit on the size of files), and tells what happened; HOW: "resume" or "restart"
//                                     after making room
//   storage_child hold PLUGIN PATH    holds the storage until it is killed; prints its process id
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "drawbridge/blobs.h"
#include "drawbridge/records.h"
#include "kernel/node.h"
#include "storage/child_mirror.h"
#include "storage/traffic.h"

namespace drawbridge::storage_test {
namespace {

/// One write, so that lines of several threads do not mix.
void say(const std::string& line) {
  const auto text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) ::_exit(3);
}

/// Small buffers, so that what an engine does in the background is killed too.
std::unique_ptr<kernel::Node> start(const std::string& plugin, const std::string& path) {
  kernel::NodeOptions node_options;
  node_options.plugin_dirs = {DRAWBRIDGE_PLUGIN_DIR};
  node_options.log_level = Level::off;
  auto node = kernel::Node::from_text("node: {name: child}\nstorage: {main: {plugin: " + plugin + ", path: " + path +
                                          ", " + small_options(plugin) + "}}\n",
                                      "child.yaml", node_options);
  node->start();
  return node;
}

Task<> store(Blobs& blobs, std::string id, Bytes bytes) {
  const auto writer = co_await blobs.create();
  co_await writer->write(bytes);
  co_await writer->commit(std::move(id));
}

Task<> write_for_ever(Records& records, Blobs& blobs, int writer) {
  auto head = co_await records.get(head_key(writer));
  for (unsigned step = head ? static_cast<unsigned>(std::stoul(to_text(*head))) + 1 : 1;; ++step) {
    const auto who = " " + std::to_string(writer) + " ";
    Batch batch;
    for (int part = 0; part < keys_of_batch; ++part) {
      batch.put(step_key(writer, step, part), step_value(writer, step));
    }
    if (head) {
      batch.expect(head_key(writer), *head);
    } else {
      batch.expect_absent(head_key(writer));
    }
    head = to_bytes(std::to_string(step));
    batch.put(head_key(writer), *head);
    co_await records.commit(std::move(batch));
    say("batch" + who + std::to_string(step));
    if (stores_blob(step)) {
      co_await store(blobs, blob_id(writer, step), blob_bytes(writer, step));
      say("blob" + who + std::to_string(step));
    }
    if (erases_blob(step)) {
      const auto before = erased_at(step);
      const bool erased = co_await blobs.erase(blob_id(writer, before));
      if (erased) say("erased" + who + std::to_string(before));
    }
  }
}

int mirror(const std::string& folder) {
  kernel::NodeOptions options;
  options.plugin_dirs = {DRAWBRIDGE_PLUGIN_DIR};
  options.log_level = Level::off;
  const auto node = kernel::Node::from_text(mirror_yaml(folder, "1ms"), "child.yaml", options);
  node->start();
  return write_mirror(*node, say);
}

int write(const std::string& plugin, const std::string& path) {
  const auto node = start(plugin, path);
  const auto records = node->find<Records>("main");
  const auto blobs = node->find<Blobs>("main");
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      try {
        node->wait(write_for_ever(*records, *blobs, writer));
      } catch (const std::exception& error) {
        say(std::string("failed ") + error.what());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return 1;
}

int hold(const std::string& plugin, const std::string& path) {
  const auto node = start(plugin, path);
  say(std::to_string(::getpid()));
  for (;;) ::pause();
}

/// A disk of 16 MiB, or files of at most 512 KiB.
class SmallDisk {
 public:
  SmallDisk(std::string folder, bool may_mount) : folder_(std::move(folder)) {
    const bool isolated = may_mount && isolate();
    mounted_ = isolated && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("small", folder_.c_str(), "tmpfs", 0, "size=16m") == 0;
    if (!mounted_) {
      std::signal(SIGXFSZ, SIG_IGN);
      limit(512_KiB);
    }
    say(mounted_ ? "disk tmpfs" : "disk limit");
  }

  void make_room() {
    if (!mounted_) return limit(RLIM_INFINITY);
    if (::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT, "size=64m") != 0) say("failed remount");
  }

 private:
  /// A mount namespace of its own; who is not root gets it with a user namespace, where the system allows that.
  static bool isolate() {
    const auto user = ::geteuid();
    if (user == 0) return ::unshare(CLONE_NEWNS) == 0;
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    return true;
  }
  static void limit(rlim_t bytes) {
    rlimit limits{};
    ::getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = std::min(bytes, limits.rlim_max);
    ::setrlimit(RLIMIT_FSIZE, &limits);
  }

  const std::string folder_;
  bool mounted_ = false;
};

/// Writes records until the disk takes no more, and checks them later.
class Filler {
 public:
  /// The error that ended it, as "code: message (hint)"; empty when everything was taken.
  std::string fill(kernel::Node& node, unsigned most) {
    const auto records = node.find<Records>("main");
    for (unsigned i = 0; i < most; ++i) {
      const auto failure = put(node, *records);
      if (!failure.empty()) return failure;
    }
    return {};
  }

  bool intact(kernel::Node& node) const {
    const auto records = node.find<Records>("main");
    for (unsigned i = 0; i < acknowledged_; ++i) {
      if (node.wait(records->get("fill/" + number_text(i))) != value(i)) return false;
    }
    return acknowledged_ > 0;
  }

  static std::string text(const Error& error) {
    return std::string(name(error.code())) + ": " + error.what() + " (" + error.hint() + ")";
  }

 private:
  static Bytes value(unsigned i) { return Bytes(20'000 + i, static_cast<std::uint8_t>(i)); }

  std::string put(kernel::Node& node, Records& records) {
    Batch batch;
    batch.put("fill/" + number_text(acknowledged_), value(acknowledged_));
    try {
      node.wait(records.commit(std::move(batch)));
    } catch (const Error& error) {
      return text(error);
    }
    ++acknowledged_;
    return {};
  }

  unsigned acknowledged_ = 0;
};

std::string store_blob(kernel::Node& node, const std::string& id, std::size_t size) {
  const auto blobs = node.find<Blobs>("main");
  try {
    node.wait(store(*blobs, id, Bytes(size, 7)));
  } catch (const Error& error) {
    return Filler::text(error);
  }
  return {};
}

void tell_health(const kernel::Node& node) {
  for (const auto& status : node.status()) {
    if (status.name.ends_with("main"))
      say("health " + std::string(name(status.health.state)) + " " + status.health.detail);
  }
}

/// Writing goes on by itself some time after there is room; bounded by tries.
bool resumes(kernel::Node& node, Filler& filler) {
  for (int i = 0; i < 600; ++i) {
    if (filler.fill(node, 1).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

int fill_disk(const std::string& plugin, const std::string& folder, const std::string& how, const std::string& kind) {
  SmallDisk disk(folder, kind == "mount");
  Filler filler;
  auto node = start(plugin, folder + "/db");
  say("first-blob " + store_blob(*node, "first", 300'000));
  say("error " + filler.fill(*node, 10'000));
  tell_health(*node);
  say(std::string("intact ") + (filler.intact(*node) ? "yes" : "no"));
  say("blob-error " + store_blob(*node, "second", 20_MiB));
  say("blob-visible " + std::string(node->wait(node->find<Blobs>("main")->stat("second")) ? "yes" : "no"));
  if (how == "restart") {
    node->stop();
    node.reset();
    try {
      node = start(plugin, folder + "/db");
      say(std::string("restarted-full ") + (filler.intact(*node) ? "intact" : "lost"));
      node.reset();
    } catch (const Error& error) {
      say("restarted-full " + Filler::text(error));
    }
    disk.make_room();
    node = start(plugin, folder + "/db");
  } else {
    disk.make_room();
  }
  say(std::string("goes-on ") + (resumes(*node, filler) ? "yes" : "no"));
  say("second-blob " + store_blob(*node, "second", 2_MiB));
  tell_health(*node);
  say(std::string("intact-after ") + (filler.intact(*node) ? "yes" : "no"));
  node->stop();
  node = start(plugin, folder + "/db");
  say(std::string("intact-reopened ") + (filler.intact(*node) ? "yes" : "no"));
  return 0;
}

}  // namespace
}  // namespace drawbridge::storage_test

int main(int count, char** arguments) {
  using namespace drawbridge::storage_test;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() == 3 && words[0] == "write") return write(words[1], words[2]);
    if (words.size() == 3 && words[0] == "hold") return hold(words[1], words[2]);
    if (words.size() == 5 && words[0] == "full") return fill_disk(words[1], words[2], words[3], words[4]);
    if (words.size() == 2 && words[0] == "mirror") return mirror(words[1]);
  } catch (const std::exception& error) {
    say(std::string("failed ") + error.what());
    return 1;
  }
  std::fputs(
      "usage: storage_child write|hold PLUGIN PATH | full PLUGIN FOLDER resume|restart mount|limit | mirror FOLDER\n",
      stderr);
  return 2;
}
