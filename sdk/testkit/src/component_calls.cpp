// What holds for every call: it can be cancelled, and it leaves its I/O thread to others.
#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "component_cases.h"
#include "drawbridge/cipher_suite.h"
#include "exercise.h"

namespace drawbridge::testkit {
namespace {

using Clock = std::chrono::steady_clock;

void needs_calls(Mount& mount) {
  if (!can_exercise(*mount.component())) throw Skip("no facet whose calls are known");
}

/// What the call, its canceller and the case share; the last of them lets go of it.
struct Cancelled {
  asio::cancellation_signal signal;
  std::promise<void> done;
};

Task<> cancel_after(std::shared_ptr<Cancelled> call, std::chrono::microseconds pause) {
  asio::steady_timer timer(co_await asio::this_coro::executor, pause);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  call->signal.emit(asio::cancellation_type::terminal);
}

void cancelled_calls_return(Bench& bench) {
  const auto mount = started(bench);
  needs_calls(*mount);
  for (int round = 0; round < 12; ++round) {
    const std::string tag = "cancelled" + std::to_string(round);
    bench.note("in a call that is cancelled");
    const auto call = std::make_shared<Cancelled>();
    auto done = call->done.get_future();
    // One thread runs both, so the signal needs no lock. What a cancelled call throws or returns is its own affair.
    asio::post(mount->executor(), [&, call] {
      asio::co_spawn(mount->executor(), exercise(*mount->component(), tag),
                     asio::bind_cancellation_slot(call->signal.slot(),
                                                  [call](const std::exception_ptr&) { call->done.set_value(); }));
      asio::co_spawn(mount->executor(), cancel_after(call, std::chrono::microseconds(round * 100)),
                     [](const std::exception_ptr&) {});
    });
    if (done.wait_for(bench.deadline()) != std::future_status::ready) {
      bench.hung("a cancelled call did not return within " + to_text(bench.deadline()));
    }
  }
  bench.note("in a call after others were cancelled");
  mount->wait(exercise(*mount->component(), "after"));
  mount->stop();
}

/// The longest time in which a thread did nothing but one thing, until `over`.
Task<> watch(std::shared_ptr<std::atomic<bool>> over, std::shared_ptr<Clock::duration> longest) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto last = Clock::now();
  while (!*over) {
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto now = Clock::now();
    *longest = std::max(*longest, now - last);
    last = now;
  }
}

Clock::duration longest_hold(Mount& mount, const std::string& tag) {
  const auto over = std::make_shared<std::atomic<bool>>(false);
  const auto longest = std::make_shared<Clock::duration>();
  std::promise<void> watched;
  asio::co_spawn(mount.executor(), watch(over, longest), [&](const std::exception_ptr&) { watched.set_value(); });
  mount.wait(exercise(*mount.component(), tag));
  *over = true;
  watched.get_future().wait();
  return *longest;
}

void io_thread_stays_free(Bench& bench) {
  const auto mount = started(bench);
  needs_calls(*mount);
  if (dynamic_cast<CipherSuite*>(mount->component().get()) != nullptr) {
    throw Skip("a cipher suite computes on its caller's thread");
  }
  bench.note("in a call whose I/O thread is watched");
  // A busy machine may hold up a thread in one round, hardly in each.
  auto best = Clock::duration::max();
  for (int round = 0; round < 6; ++round) best = std::min(best, longest_hold(*mount, "round" + std::to_string(round)));
  const auto held = std::chrono::duration_cast<Milliseconds>(best);
  check(held < Milliseconds(150), "a call holds its I/O thread for " + to_text(held) +
                                      ", and whoever else it serves waits; put what blocks on Host::blocking");
  mount->stop();
}

}  // namespace

void add_call_cases(std::vector<BenchCase>& suite) {
  suite.push_back({"component", "CancelledCallsReturn", cancelled_calls_return});
  suite.push_back({"component", "CallsLeaveTheIoThreadFree", io_thread_stays_free});
}

}  // namespace drawbridge::testkit
