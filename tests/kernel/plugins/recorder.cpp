// Appends what happens to it to a file, and fails where it is told to.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "probe.h"

namespace drawbridge {
namespace {

class Recorder final : public test::Probe {
 public:
  void options(Options& o) override {
    o.path("file", file_, "The file to append to.");
    o.choice("start", start_, {"well", "error", "foreign", "plain", "slow"}, "How the start ends.");
    o.choice("stop", stop_, {"well", "error", "hang", "block", "slow"}, "How the stop ends.");
    o.choice("health", health_, {"ok", "degraded", "throws"}, "How it feels.");
    o.text("text", text_, "Anything; a change of it replaces the component.");
    o.optional_secret("secret", secret_, "Something that only a file has.");
    o.use_optional("first", first_, "Something to use.");
    o.use_optional("second", second_, "Something else to use.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    // Not a coroutine in this case: the function itself throws.
    if (start_ == "plain") throw std::runtime_error("a plain function threw");
    return run_start();
  }

  Task<> stop() override {
    if (host_ == nullptr) co_return;
    note("stop");
    if (stop_ == "error") throw Error(Code::unavailable, "cannot stop");
    while (stop_ == "slow" && !released_) co_await host_->sleep(Milliseconds(1));
    if (stop_ == "hang") co_await host_->sleep(std::chrono::hours(1));
    while (stop_ == "block" && !released_) std::this_thread::yield();
  }

  Health health() const override {
    if (health_ == "throws") throw std::runtime_error("health is broken");
    return {health_ == "ok" ? Health::State::ok : Health::State::degraded, health_};
  }

  std::string dump() const override { return first_ ? first_->host().name() : "-"; }
  Host& host() override { return *host_; }
  void release() override { released_ = true; }

 private:
  Task<> run_start() {
    note("start");
    const auto old = std::dynamic_pointer_cast<Recorder>(host_->predecessor());
    if (old) note(("after " + old->text_ + " came " + text_ + " in").c_str());
    if (start_ == "slow") {
      while (!std::filesystem::exists(file_ + ".go")) co_await host_->sleep(Milliseconds(1));
    }
    if (start_ == "error") throw Error(Code::unavailable, "cannot start", "do something else");
    if (start_ == "foreign") throw std::runtime_error("not an Error");
    co_return;
  }

  void note(const char* what) const {
    if (!file_.empty()) std::ofstream(file_, std::ios::app) << what << ' ' << host_->name() << '\n';
  }

  std::string text_ = "-";
  Secret secret_;
  std::string file_, start_ = "well", stop_ = "well", health_ = "ok";
  Ref<test::Probe> first_, second_;
  Host* host_ = nullptr;
  std::atomic<bool> released_ = false;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Recorder, "test.recorder", "1.2.3", "Writes down what happens to it.")
