// service.example works in the background: every so often it counts the records of a storage and writes the count to
// the log.
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"
#include "drawbridge/task_group.h"

namespace drawbridge {
namespace {

class ExampleService final : public Component {
 public:
  void options(Options& o) override {
    o.use("records", records_, "The storage to count.");
    o.duration("every", every_, {Milliseconds(100), Milliseconds(86'400'000)}, "How long to wait between two counts.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    tasks_.spawn(host.executor(), work());
    co_return;
  }

  // Cancels the task and waits for its end: nothing of this component runs afterwards.
  Task<> stop() override { co_await tasks_.stop(); }

 private:
  Task<> work() {
    for (;;) {
      try {
        const std::uint64_t records = co_await count();
        host_->log().info("{} records", records);
      } catch (const Error& error) {
        host_->log().warning("could not count: {}", error.what());  // and goes on: a storage may come back
      }
      co_await host_->sleep(every_);
      if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
  }

  Task<std::uint64_t> count() {
    std::uint64_t records = 0;
    Records::Page page;
    do {  // in pages: never all of a storage at once
      const Key after = page.records.empty() ? Key() : page.records.back().key;
      page = co_await records_->scan({}, after, 1000);
      records += page.records.size();
    } while (page.more);
    co_return records;
  }

  Ref<Records> records_;
  Milliseconds every_{60'000};
  Host* host_ = nullptr;
  TaskGroup tasks_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::ExampleService, "service.example", "0.1.0", "Counts the records of a storage.")
