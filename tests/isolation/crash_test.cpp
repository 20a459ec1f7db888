// What happens to the node, and to those who call, when a component's process does not do what it should.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "fixture.h"
#include "kernel/isolation/frame.h"

namespace drawbridge::isolation_test {
namespace {

TEST(Isolation, RunsInAnotherProcess) {
  IsolatedNode node(IsolatedNode::bad());
  EXPECT_NE(node.pid(), ::getpid());
  EXPECT_EQ(node.get("absent"), "(absent)");
  EXPECT_EQ(node.get("node"), "test main");
  EXPECT_EQ(node.get("components"), "1");
  EXPECT_EQ(node.get("large"), std::string(5'000'000, 'x'));
  const auto status = node.status();
  EXPECT_EQ(status.plugin, "test.bad");
  EXPECT_EQ(status.version, "1.0.0");
  EXPECT_EQ(status.health.state, Health::State::ok) << status.health.detail;
  EXPECT_EQ(status.health.detail, "number is 1");
  const auto pid = node.pid();
  node->stop();
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(node.status().health.state, Health::State::failed);
}

/// The command ends the process; everything is told, and soon it is there again.
void expect_recovers(const std::string& command, const std::string& told, const std::string& isolate = "process") {
  IsolatedNode node(IsolatedNode::bad({}, isolate));
  const auto before = node.pid();
  const auto error = node.error_of(command);
  EXPECT_EQ(error.code(), Code::unavailable) << error.what();
  EXPECT_NE(node.get_again("pid"), std::to_string(before));
  EXPECT_FALSE(is_alive(before));
  EXPECT_NE(node.log().find(told), std::string::npos) << node.log();
  EXPECT_NE(node.log().find("main: the process of this component (test.bad, pid"), std::string::npos) << node.log();
  const auto health = node.status().health;
  EXPECT_EQ(health.state, Health::State::degraded);
  EXPECT_NE(health.detail.find("restarted 1 times"), std::string::npos) << health.detail;
}

TEST(Isolation, SurvivesACrash) {
  expect_recovers("crash", "was killed by signal 11");
}
TEST(Isolation, SurvivesAnExit) {
  expect_recovers("exit", "ended with status 3");
}
TEST(Isolation, SurvivesAHang) {
  expect_recovers("stuck", "did not answer within 200ms", "{call_timeout: 200ms}");
}
TEST(Isolation, BoundsMemory) {
  expect_recovers("memory", "more than its `memory` of 64MiB", "{memory: 64MiB}");
}

std::string frame(kernel::isolation::Header header, const std::string& content = {}) {
  std::string out(sizeof header, 0);
  std::memcpy(out.data(), &header, sizeof header);
  return to_hex(view(out + content));
}

TEST(Isolation, SurvivesGarbageOnItsSocket) {
  using kernel::isolation::Header;
  using kernel::isolation::Kind;
  expect_recovers("garbage/" + std::string(48, 'f'), "sent what is no message");
  expect_recovers("garbage/" + frame({.slot = 200}), "in a slot that there is not");
  expect_recovers("garbage/" + frame({.size = 0xfffffff0}), "a message is too large");
  expect_recovers("garbage/" + frame({.id = 77'777, .kind = Kind::reply}), "an answer that nobody asked for");
  expect_recovers("garbage/" + frame({.id = 1, .method = 0xffff}), "there is no such call");
  expect_recovers("garbage/" + frame({.target = 2, .kind = Kind::drop}), "an object that stays is dropped");
}

TEST(Isolation, PassesErrorsOn) {
  IsolatedNode node(IsolatedNode::bad());
  const auto pid = node.pid();
  try {
    node.get("throw");
    ADD_FAILURE() << "it threw nothing";
  } catch (const Error&) {
    ADD_FAILURE() << "what is no Error became one";
  } catch (const std::runtime_error& error) {  // as it would be without another process
    EXPECT_STREQ(error.what(), "no Error at all");
  }
  EXPECT_EQ(node.pid(), pid);
}

TEST(Isolation, TellsAStartThatFails) {
  for (const auto& [how, code, told] : {std::tuple("throws", Code::conflict, "component 'main': does not want to"),
                                        std::tuple("crashes", Code::unavailable, "was killed by signal 11")}) {
    IsolatedNode node(IsolatedNode::bad(", start: " + std::string(how)), false);
    try {
      node->start();
      ADD_FAILURE() << "it started";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(std::string(error.what()).find(told), std::string::npos) << error.what();
    }
  }
}

TEST(Isolation, StopsWhateverTheComponentDoes) {
  for (const auto& [how, told] : {std::pair("throws", "cannot stop"), std::pair("crashes", "was killed by signal 11"),
                                  std::pair("hangs", "did not stop within 200ms")}) {
    IsolatedNode node(IsolatedNode::bad(", stop: " + std::string(how), "{stop_timeout: 200ms}"));
    const auto pid = node.pid();
    node->stop();
    EXPECT_FALSE(node->abandoned());
    EXPECT_FALSE(is_alive(pid));
    EXPECT_NE(node.log().find(told), std::string::npos) << node.log();
  }
}

TEST(Isolation, LogsWhatThePluginSays) {
  IsolatedNode node(IsolatedNode::bad());
  node.get("log");
  EXPECT_NE(node.log().find("warning main: said by the plugin"), std::string::npos) << node.log();
  node.get("print");
  EXPECT_TRUE(eventually([&] { return node.log().find("main: output: printed by the plugin") != std::string::npos; }));
}

/// Awaits `task` for a moment only.
Task<> give_up(std::shared_ptr<Records> records) {
  using asio::experimental::awaitable_operators::operator||;
  asio::steady_timer timer(co_await asio::this_coro::executor, Milliseconds(50));
  auto waiting = records->get("wait");
  auto moment = timer.async_wait(asio::use_awaitable);
  co_await (std::move(waiting) || std::move(moment));
}

TEST(Isolation, ForwardsCancellation) {
  IsolatedNode node(IsolatedNode::bad());
  node->wait(give_up(node->find<Records>("main")));
  EXPECT_TRUE(eventually([&] { return node.get("returned") == "1"; }));
}

TEST(Isolation, FailsACallThatTakesTooLongAndCancelsIt) {
  IsolatedNode node(IsolatedNode::bad({}, "{call_timeout: 200ms}"));
  const auto pid = node.pid();
  const auto error = node.error_of("wait");
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_STREQ(error.what(), "did not answer within 200ms");
  EXPECT_TRUE(eventually([&] { return node.get("returned") == "1"; }));
  EXPECT_EQ(node.pid(), pid);  // it let go of the call, so there was no need to end it
}

TEST(Isolation, ProcessSeesNothingOfTheNode) {
  ::setenv("ISOLATION_TEST_SECRET", "not for plugins", 1);
  const support::TempDir folder;
  const auto password = folder.write("password", "correct horse\n");
  std::ofstream open_file(folder / "open");
  IsolatedNode node(IsolatedNode::bad(", number: 7, password_file: " + password.string()));
  EXPECT_EQ(node.get("password"), "correct horse");
  EXPECT_EQ(node.get("number"), "7");
  EXPECT_EQ(node.get("environment").find("ISOLATION_TEST_SECRET"), std::string::npos);
  for (const char* what : {"environment", "arguments"}) {
    EXPECT_EQ(node.get(what).find("correct horse"), std::string::npos) << what;
  }
  const auto files = node.get("files");
  EXPECT_EQ(files.find(folder.string()), std::string::npos) << files;
  EXPECT_EQ(files.find("node.log"), std::string::npos) << files;
  EXPECT_NE(node.get("status").find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(node.get("limits").find("Max core file size        0 "), std::string::npos) << node.get("limits");
  const auto password_again = [&] {  // a new process is told the same
    node.error_of("crash");
    return node.get_again("password");
  };
  EXPECT_EQ(password_again(), "correct horse");
}

TEST(Isolation, UsesOtherComponents) {
  for (const char* other : {"{plugin: storage.memory}", "{plugin: storage.memory, isolate: process}"}) {
    IsolatedNode node(IsolatedNode::bad(", other: other") + "  other: " + other + "\n");
    Batch batch;
    batch.put("a", to_bytes("through two"));
    node->wait(node->find<Records>("main")->commit(batch));
    EXPECT_EQ(node.get("other/a"), "through two");
    EXPECT_EQ(node.get("other/b"), "(absent)");
    EXPECT_EQ(node.error_of("crash").code(), Code::unavailable);
    EXPECT_EQ(node.get_again("other/a"), "through two");  // it is bound anew
  }
}

TEST(Isolation, UsesTheNodesClockAndRandomness) {
  struct FixedClock final : Clock {
    Timestamp now() const override { return from_unix_ms(1'234'567); }
  } clock;
  struct FixedRandom final : Random {
    void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), std::uint8_t{0xab}); }
  } random;
  auto options = isolation_options();
  options.clock = &clock;
  options.random = &random;
  const auto node = kernel::Node::from_text("node: {name: test}\n" + IsolatedNode::bad(), "test.yaml", options);
  node->start();
  const auto get = [&](const char* key) { return to_text(*node->wait(node->find<Records>("main")->get(key))); };
  EXPECT_EQ(get("now"), "1234567");
  EXPECT_EQ(get("random"), std::string("abababababababababababababababab"));
}

}  // namespace
}  // namespace drawbridge::isolation_test
