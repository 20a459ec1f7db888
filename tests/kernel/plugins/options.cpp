// Has an option of every kind.
#include "drawbridge/options.h"

#include <fmt/core.h>

#include "drawbridge/plugin.h"
#include "probe.h"

namespace drawbridge {
namespace {

class Everything final : public test::Probe {
 public:
  void options(Options& o) override {
    o.required_text("title", title_, "What it is called.");
    o.path("path", path_, "A file | or folder.");
    o.number("port", port_, {std::uint16_t{1}, std::uint16_t{65535}}, "A port.");
    o.size("cache", cache_, {1_KiB, 1_GiB}, "Memory.");
    o.duration("wait", wait_, {Milliseconds(1), Milliseconds(60'000)}, "A while.");
    o.flag("sync", sync_, "Whether to sync.");
    o.choice("mode", mode_, {"fast", "safe"}, "How to work.");
    o.list("peers", peers_, "Others.");
    o.optional_secret("password", password_, "The password.");
    o.use_optional("probe", probe_, "Another.");
  }
  Task<> start(Host& host) override {
    host_ = &host;
    co_return;
  }
  std::string dump() const override {
    std::string peers;
    for (const auto& peer : peers_) peers += peer + ";";
    return fmt::format("title={}\npath={}\nport={}\ncache={}\nwait={}\nsync={}\nmode={}\npeers={}\npassword={}\n",
                       title_, path_, port_, cache_, wait_.count(), sync_, mode_, peers, password_.text());
  }
  Host& host() override { return *host_; }
  void release() override {}

 private:
  std::string title_, path_, mode_ = "safe";
  std::uint16_t port_ = 80;
  std::uint64_t cache_ = 1_MiB;
  Milliseconds wait_{1000};
  bool sync_ = true;
  std::vector<std::string> peers_;
  Secret password_;
  Ref<test::Probe> probe_;
  Host* host_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::Everything, "test.options", "0.1.0", "Has an option of every kind.")
