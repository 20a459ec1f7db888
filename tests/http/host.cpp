#include "host.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

namespace drawbridge::http::test {

TestHost::TestHost(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    contexts_.push_back(std::make_unique<asio::io_context>(1));
    guards_.push_back(asio::make_work_guard(*contexts_.back()));
  }
  for (auto& context : contexts_) threads_.emplace_back([&context] { context->run(); });
}

TestHost::~TestHost() {
  guards_.clear();
  for (auto& context : contexts_) context->stop();
  for (auto& thread : threads_) thread.join();
  pool_.join();
}

std::vector<asio::any_io_executor> TestHost::executors() {
  std::vector<asio::any_io_executor> out;
  for (auto& context : contexts_) out.emplace_back(context->get_executor());
  return out;
}

Task<> TestHost::sleep(Milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

void TestHost::wait(Task<> task) {
  asio::co_spawn(*contexts_.front(), std::move(task), asio::use_future).get();
}

Task<> TestHost::run_blocking(std::function<void()> work) {
  const auto own = co_await asio::this_coro::executor;
  std::exception_ptr error;
  co_await asio::post(pool_, asio::use_awaitable);
  try {
    work();
  } catch (...) {
    error = std::current_exception();
  }
  co_await asio::post(own, asio::use_awaitable);
  if (error) std::rethrow_exception(error);
}

Timestamp TestHost::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

void TestHost::write(Level, std::string_view message) {
  const std::lock_guard lock(mutex_);
  logged_ += message;
  logged_ += '\n';
}

std::string TestHost::logged() const {
  const std::lock_guard lock(mutex_);
  return logged_;
}

}  // namespace drawbridge::http::test
