// A node as a process: signals, its end, and a lock that ends with it. Each case runs in a process of its own.
#include "kernel/daemon.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "fixture.h"

namespace drawbridge::test {
namespace {

class Daemon : public testing::Test {
 protected:
  std::string yaml(const std::string& recorder, const std::string& timeout = "100ms") const {
    return "log: {level: info, file: " + (dir_ / "log.txt").string() +
           "}\nnode: {name: alice, stop_timeout: " + timeout + ", data: " + (dir_ / "data").string() +
           "}\nx: {a: {plugin: test.recorder, file: " + (dir_ / "calls").string() + recorder + "}}\n";
  }

  template <class Make>
  static pid_t run_node(Make make) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    try {
      auto options = test_options();
      options.log_level.reset();
      const auto node = make(options);
      std::_Exit(kernel::run_until_signal(*node));
    } catch (const std::exception&) {
      std::_Exit(99);
    }
  }
  static pid_t run(const std::string& text) {
    return run_node([&](const auto& options) { return kernel::Node::from_text(text, "test.yaml", options); });
  }
  static pid_t run_file(const std::filesystem::path& file) {
    return run_node([&](const auto& options) { return kernel::Node::from_file(file, options); });
  }

  void await_line(const std::string& file, const std::string& part) const {
    while (!std::filesystem::exists(dir_ / file) || support::read_text(dir_ / file).find(part) == std::string::npos) {
      std::this_thread::sleep_for(Milliseconds(5));
    }
  }

  static int status_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  support::TempDir dir_;
};

TEST_F(Daemon, IsReadyAndDrainsOnASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto child = run(yaml(""));
    await_line("log.txt", "info    node: ready in ");
    ::kill(child, signal);
    EXPECT_EQ(status_of(child), 0);
    EXPECT_EQ(support::read_text(dir_ / "calls"), "start a\nstop a\n");
    std::filesystem::remove(dir_ / "log.txt");
    std::filesystem::remove(dir_ / "calls");
  }
}

TEST_F(Daemon, ASecondSignalEndsItAtOnce) {
  const auto child = run(yaml(", stop: hang", "1h"));
  await_line("log.txt", "ready in");
  ::kill(child, SIGTERM);
  await_line("calls", "stop a");
  ::kill(child, SIGTERM);
  EXPECT_EQ(status_of(child), 128 + SIGTERM);
}

TEST_F(Daemon, ThatCannotStopSaysSoWithItsStatus) {
  const auto child = run(yaml(", stop: block"));
  await_line("log.txt", "ready in");
  ::kill(child, SIGTERM);
  EXPECT_EQ(status_of(child), 1);
  await_line("log.txt", "component 'a' did not stop within");
}

TEST_F(Daemon, AFailedStartIsThrown) {
  EXPECT_EQ(status_of(run(yaml(", start: error"))), 99);
}

TEST_F(Daemon, ReloadsOnSighupAndOnAChangeOfAWatchedFile) {
  const auto file = dir_.write("node.yaml", yaml(""));
  const auto child = run_file(file);
  await_line("log.txt", "ready in");
  dir_.write("node.yaml", yaml(", text: new"));
  ::kill(child, SIGHUP);
  await_line("log.txt", "0 kept, 1 replaced, 0 added, 0 removed");
  dir_.write("node.yaml", "node: {name: alice}\nx: {a: {plugin: test.recorder, txt: 1}}\n");
  ::kill(child, SIGHUP);
  await_line("log.txt", "node.yaml:2:32: unknown option `txt`");
  await_line("log.txt", "the node goes on with the configuration that it has");
  dir_.write("node.yaml", yaml(", text: new", "100ms, watch: true"));
  ::kill(child, SIGHUP);
  await_line("log.txt", "1 kept, 0 replaced");
  dir_.write("node.yaml", yaml(", text: newer", "100ms, watch: true"));
  await_line("log.txt", "reloading the file that has changed");
  await_line("calls", "after new came newer in a");
  ::kill(child, SIGTERM);
  EXPECT_EQ(status_of(child), 0);
}

TEST_F(Daemon, ItsLockNamesItAndEndsWithIt) {
  const auto child = run(yaml(""));
  await_line("log.txt", "ready in");
  auto other = make_node(yaml(""));
  expect_throws(Code::conflict, "is in use by process " + std::to_string(child), [&] { other->start(); });
  ::kill(child, SIGKILL);
  EXPECT_EQ(status_of(child), -SIGKILL);
  auto next = make_node(yaml(""));
  EXPECT_NO_THROW(next->start());
}

}  // namespace
}  // namespace drawbridge::test
