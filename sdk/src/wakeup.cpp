#include "drawbridge/wakeup.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace drawbridge {

struct Wakeup::Waiter {
  virtual ~Waiter() = default;
  virtual void resume() = 0;

  // A notification and a cancellation may come at once from two threads; the first one wins.
  void fire() {
    if (!fired.exchange(true)) resume();
  }
  std::atomic<bool> fired{false};
};

template <class Handler>
struct Wakeup::HandlerWaiter final : Waiter {
  explicit HandlerWaiter(Handler&& taken) : work(asio::make_work_guard(taken)), handler(std::move(taken)) {}
  void resume() override {
    asio::post(std::move(handler));
    work.reset();
  }
  decltype(asio::make_work_guard(std::declval<Handler&>())) work;
  Handler handler;
};

Wakeup::Wakeup() = default;
Wakeup::~Wakeup() = default;

void Wakeup::notify() {
  std::vector<std::shared_ptr<Waiter>> woken;
  {
    const std::lock_guard lock(mutex_);
    version_.fetch_add(1, std::memory_order_acq_rel);
    woken.swap(waiters_);
  }
  for (const auto& waiter : woken) waiter->fire();
}

void Wakeup::enlist(std::shared_ptr<Waiter> waiter, std::uint64_t seen) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiters_, [](const auto& other) { return other->fired.load(); });  // those that were cancelled
    if (version_.load(std::memory_order_acquire) == seen) {
      waiters_.push_back(std::move(waiter));
      return;
    }
  }
  waiter->fire();
}

Task<> Wakeup::wait(std::uint64_t seen) {
  auto initiation = [this, seen](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto waiter = std::make_shared<HandlerWaiter<decltype(handler)>>(std::move(handler));
    if (slot.is_connected()) {
      slot.assign([waiter](asio::cancellation_type) { waiter->fire(); });
    }
    enlist(std::move(waiter), seen);
  };
  // Even with nothing to wait for this passes through the executor's queue only when somebody has to be woken.
  if (version() != seen) co_return;
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiation, asio::use_awaitable);
}

}  // namespace drawbridge
