// A storage whose keys are commands: what a plugin may do to its process, and what a process can see.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

constexpr int first_channel = 5;  // where its process has its first socket to the node

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string open_files() {
  std::string out;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    out += std::filesystem::read_symlink(one.path(), ignored).string() + "\n";
  }
  return out;
}

[[noreturn]] void crash() {
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report it and exit
  std::raise(SIGSEGV);
  std::abort();
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

class Bad final : public Records {
 public:
  void options(Options& o) override {
    o.choice("start", start_, {"well", "throws", "crashes"}, "What its start does.");
    o.choice("stop", stop_, {"well", "throws", "crashes", "hangs"}, "What its stop does.");
    o.optional_secret("password", password_, "What its process knows.");
    o.number("number", number_, {1, 10}, "A bounded number.");
    o.use_optional("other", other_, "Another storage.");
  }
  Task<> start(Host& host) override {
    host_ = &host;
    if (start_ == "throws") throw Error(Code::conflict, "does not want to", "ask again");
    if (start_ == "crashes") crash();
    co_return;
  }
  Task<> stop() override {
    if (stop_ == "throws") throw Error(Code::corrupt, "cannot stop");
    if (stop_ == "crashes") crash();
    if (stop_ == "hangs") hang();
    co_return;
  }
  Health health() const override { return {Health::State::ok, "number is " + std::to_string(number_)}; }

  Task<std::optional<Bytes>> get(Key key) override {
    if (key == "wait") {
      waiting_ = true;
      co_await host_->sleep(Milliseconds(36'000'000));
      waiting_ = false;
      ++returned_;
      co_return to_bytes(std::string_view("woken"));
    }
    if (key == "stuck") {
      for (;;) hang();
    }
    if (key.starts_with("other/")) {
      auto task = other_->get(key.substr(6));
      auto value = co_await std::move(task);
      co_return value;
    }
    const auto text = look(key);
    co_return text.empty() ? std::nullopt : std::optional(to_bytes(text));
  }
  Task<Records::Page> scan(Key, Key, std::size_t) override { co_return Records::Page{}; }
  Task<> commit(Batch batch) override {
    if (!other_) throw std::runtime_error("no Error at all");
    auto task = other_->commit(std::move(batch));
    co_await std::move(task);
  }

 private:
  std::string look(const Key& key) {
    if (key == "crash") crash();
    if (key == "exit") std::_Exit(3);
    if (key == "throw") throw std::runtime_error("no Error at all");
    if (key == "memory") eat();
    if (key == "pid") return std::to_string(::getpid());
    if (key == "files") return open_files();
    if (key == "environment") return file_text("/proc/self/environ");
    if (key == "arguments") return file_text("/proc/self/cmdline");
    if (key == "status") return file_text("/proc/self/status");
    if (key == "limits") return file_text("/proc/self/limits");
    if (key == "password") return std::string(password_.text());
    if (key == "number") return std::to_string(number_);
    if (key == "returned") return std::to_string(returned_);
    if (key == "waiting") return waiting_ ? "yes" : "no";
    if (key == "node") return host_->node_name() + " " + host_->name();
    if (key == "components") return std::to_string(host_->status().size());
    if (key == "now") return std::to_string(unix_ms(host_->clock().now()));
    if (key == "random") return to_hex(host_->random().bytes(16));
    if (key == "log") host_->log().warning("said by the plugin");
    if (key == "print") std::fprintf(stderr, "printed by the plugin\n");
    if (key == "large") return std::string(5'000'000, 'x');
    if (key.starts_with("garbage/")) {
      const auto bytes = from_hex(key.substr(8)).value();
      if (::write(first_channel, bytes.data(), bytes.size()) < 0) return "not written";
    }
    return {};
  }
  void eat() {
    for (;;) {
      eaten_.emplace_back(1_MiB, 1);
      ::usleep(200);
    }
  }

  Host* host_ = nullptr;
  Ref<Records> other_;
  std::string start_ = "well";
  std::string stop_ = "well";
  Secret password_;
  int number_ = 1;
  std::atomic<int> returned_{0};
  std::atomic<bool> waiting_{false};
  std::vector<Bytes> eaten_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(Bad, "test.bad", "1.0.0", "Does what it is told, and worse.")

}  // namespace drawbridge
