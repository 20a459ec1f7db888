#include "kernel/isolation/link.h"

#include "kernel/isolation/channel.h"
#include "kernel/isolation/lanes.h"

namespace drawbridge::kernel::isolation {
namespace {

/// A coroutine that waits for an answer, whatever its handler's type is.
template <class Handler>
class WaitingTask final : public Waiting {
 public:
  explicit WaitingTask(Handler&& handler) : work_(asio::make_work_guard(handler)), handler_(std::move(handler)) {}

  void complete(std::exception_ptr failure, Incoming answer, bool now) override {
    const auto executor = asio::get_associated_executor(handler_);
    auto resume = [handler = std::move(handler_), failure = std::move(failure), answer = std::move(answer)]() mutable {
      std::move(handler)(std::move(failure), std::move(answer));
    };
    if (now) {
      asio::dispatch(executor, std::move(resume));
    } else {
      asio::post(executor, std::move(resume));
    }
    work_.reset();
  }

 private:
  decltype(asio::make_work_guard(std::declval<Handler&>())) work_;
  Handler handler_;
};

}  // namespace

LinkSource::~LinkSource() = default;

std::uint64_t Objects::add(std::uint8_t interface, std::shared_ptr<void> object) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= max) {
    throw Error(Code::busy, "a component in its own process has too many objects open", "retry in a moment");
  }
  entries_[next_] = {interface, std::move(object)};
  return next_++;
}

void Objects::set(std::uint64_t id, std::uint8_t interface, std::shared_ptr<void> object) {
  const std::lock_guard lock(mutex_);
  entries_[id] = {interface, std::move(object)};
}

std::shared_ptr<void> Objects::find(std::uint64_t id, std::uint8_t interface) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() || found->second.interface != interface ? nullptr : found->second.object;
}

void Objects::drop(std::uint64_t id) {
  std::shared_ptr<void> dying;  // outside of the lock, for it may do anything
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  dying = std::move(found->second.object);
  entries_.erase(found);
}

void Objects::clear() {
  decltype(entries_) dying;
  const std::lock_guard lock(mutex_);
  dying.swap(entries_);
}

Link::Link(Sockets sockets, Fd arena, Arena::Side side, Limits limits)
    : side_(side),
      limits_(limits),
      arena_(arena, side),
      sockets_(std::move(sockets)),
      clients_(std::make_unique<LaneClients>(std::move(sockets_.calling), limits)),
      servers_(std::make_unique<LaneServers>(std::move(sockets_.serving))) {}

Link::~Link() = default;

void Link::begin(const std::vector<asio::any_io_executor>& executors) {
  for (std::size_t i = 0; i < sockets_.channels.size(); ++i) {
    channels_.push_back(
        std::make_shared<Channel>(std::move(sockets_.channels[i]), executors[i % executors.size()], limits_));
  }
  for (const auto& channel : channels_) {
    if (failed()) channel->fail(gone());  // before it began
    channel->begin(shared_from_this());
  }
}

void Link::begin_lanes() {
  servers_->begin(*this);
}

std::shared_ptr<Link> Link::link() {
  if (failed()) throw gone();
  return shared_from_this();
}

Error Link::gone() const {
  if (side_ == Arena::Side::child) return {Code::unavailable, "the node is gone"};
  return {Code::unavailable, "its process has ended", "retry: it is started again"};
}

Channel& Link::pick() const {
  for (const auto& channel : channels_) {
    if (channel->on_this_thread()) return *channel;
  }
  return *channels_.front();
}

Task<Incoming> Link::request(std::uint16_t method, std::uint64_t object, Outgoing message, bool limited) {
  if (channels_.empty()) throw Error(Code::unavailable, "its process does not run yet");
  const auto channel = pick().shared_from_this();
  const auto start = [&](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto waiting = std::make_shared<WaitingTask<decltype(handler)>>(std::move(handler));
    const Header header{.target = object, .method = method, .kind = Kind::request};
    // The slot is filled in first, for the answer may be there before the number is; a cancellation comes later,
    // because it comes on this task's own executor.
    const auto id = std::make_shared<std::uint64_t>(0);
    if (slot.is_connected()) {
      slot.assign([weak = weak_from_this(), channel, id](asio::cancellation_type) {
        if (const auto link = weak.lock()) channel->cancel(*link, *id);
      });
    }
    *id = channel->request(*this, std::move(waiting), header, std::move(message), limited);
  };
  Incoming answer = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Incoming)>(
      start, asio::use_awaitable);
  if (answer.header.kind == Kind::error) throw_error(answer);
  co_return answer;
}

Incoming Link::call(std::uint16_t method, std::uint64_t object, Outgoing message) {
  Incoming answer = clients_->call(*this, {.target = object, .method = method}, std::move(message));
  if (answer.header.kind == Kind::error) throw_error(answer);
  return answer;
}

void Link::drop(std::uint64_t object) noexcept {
  try {
    if (channels_.empty() || failed()) return;
    pick().send(*this, {.target = object, .kind = Kind::drop}, compose(arena_));
  } catch (...) {
    fail("out of memory");
  }
}

void Link::fail(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = true;
    reason_ = reason;
  }
  clients_->fail();
  servers_->fail();
  for (const auto& channel : channels_) channel->fail(gone());
  if (on_failure_) on_failure_();
}

bool Link::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::string Link::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void Link::at_close(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  at_close_.push_back(std::move(callback));
}

void Link::expire() {
  for (const auto& channel : channels_) channel->expire(*this);
}

void Link::close() {
  fail("");
  servers_->join();
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    callbacks.swap(at_close_);
  }
  for (const auto& callback : callbacks) {
    try {
      callback();
    } catch (const std::exception&) {  // it tidies up after a process that is gone, as well as it can
    }
  }
  objects_.clear();
}

}  // namespace drawbridge::kernel::isolation
