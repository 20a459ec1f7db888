#include "drawbridge/testkit/bench.h"

#include <boost/asio/co_spawn.hpp>
#include <typeinfo>

namespace drawbridge::testkit {

Skip::~Skip() = default;
Runner::~Runner() = default;
Mount::~Mount() = default;
Bench::~Bench() = default;

namespace {

// A plain function of the component may throw, too: inside of a coroutine that is caught like the rest.
Task<> call_start(Component& component, Host& host) {
  co_await component.start(host);
}
Task<> call_stop(Component& component) {
  co_await component.stop();
}

}  // namespace

void Mount::start() {
  run_as("start()", call_start(*component(), host()));
}

void Mount::stop() {
  run_as("stop()", call_stop(*component()));
}

void Mount::run(Task<> task) {
  run_as({}, std::move(task));
}

void Mount::run_as(const std::string& what, Task<> task) {
  if (!what.empty()) bench_.note("in " + what);
  const auto promise = std::make_shared<std::promise<std::exception_ptr>>();
  auto done = promise->get_future();
  asio::co_spawn(executor(), std::move(task), [promise](std::exception_ptr failure) { promise->set_value(failure); });
  // A whole case of a facet may do a thousand calls; the deadline of the case is for those.
  if (!what.empty() && done.wait_for(bench_.deadline()) != std::future_status::ready) {
    bench_.hung(what + " did not finish within " + to_text(bench_.deadline()));
  }
  const auto failure = done.get();
  if (!what.empty()) bench_.note("after " + what);
  if (failure) std::rethrow_exception(failure);
}

namespace {

/// "/some/where/records_single.cpp:17: …" without the folders of whoever compiled this.
std::string without_folders(const std::string& text) {
  const auto end = text.find(':');
  const auto slash = text.rfind('/', end);
  return end == std::string::npos || slash == std::string::npos ? text : text.substr(slash + 1);
}

}  // namespace

std::string failure_text(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& failed) {
    return without_folders(failed.what());
  } catch (const Error& error) {
    return "threw " + std::string(name(error.code())) + ": " + error.what() +
           (error.hint().empty() ? "" : " (" + error.hint() + ")");
  } catch (const std::bad_alloc&) {
    return "ran out of memory (std::bad_alloc)";
  } catch (const std::exception& error) {
    return "threw a foreign exception, " + std::string(typeid(error).name()) + ": " + error.what() +
           "; throw drawbridge::Error, whose code tells callers what to do";
  } catch (...) {
    return "threw a foreign exception that is no std::exception; throw drawbridge::Error";
  }
}

}  // namespace drawbridge::testkit
