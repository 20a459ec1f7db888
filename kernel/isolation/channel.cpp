#include "kernel/isolation/channel.h"

#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>

#include "kernel/isolation/methods.h"

namespace drawbridge::kernel::isolation {
namespace {

constexpr std::size_t max_queued_bytes = 256_MiB;

}  // namespace

Channel::Channel(Fd socket, asio::any_io_executor executor, const Link::Limits& limits)
    : socket_(std::move(executor), socket.release()), limits_(limits) {}

void Channel::begin(const std::shared_ptr<Link>& link) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), link] { self->wait_readable(link); });
}

bool Channel::on_this_thread() const {
  const auto executor = const_cast<Channel*>(this)->socket_.get_executor();
  const auto* context = executor.target<asio::io_context::executor_type>();
  return context != nullptr && context->running_in_this_thread();
}

std::uint64_t Channel::request(Link& link, std::shared_ptr<Waiting> waiting, Header header, Outgoing message,
                               bool limited) {
  std::optional<Error> refused;
  {
    const std::lock_guard lock(mutex_);
    if (failed_) {
      refused.emplace(link.gone());
    } else if (calls_.size() >= limits_.calls || queued_bytes_ > max_queued_bytes) {
      refused.emplace(Code::busy, "too many calls wait for a component in its own process", "retry in a moment");
    } else {
      header.id = next_id_++;
      const bool forever = !limited || limits_.call.count() == 0;
      calls_[header.id] = {waiting, forever ? Clock::time_point::max() : Clock::now() + limits_.call};
    }
  }
  if (refused) {
    message.slot.give_back();
    waiting->complete(std::make_exception_ptr(*refused), {}, false);
    return 0;
  }
  send(link, header, std::move(message));
  return header.id;
}

void Channel::send(Link& link, Header header, Outgoing message) {
  message.address(header);
  auto& frame = message.frame;
  bool broken = false;
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    std::size_t sent = 0;
    while (queue_.empty() && sent < frame.size()) {
      const auto done =
          ::send(socket_.native_handle(), frame.data() + sent, frame.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (done > 0) {
        sent += static_cast<std::size_t>(done);
      } else if (errno != EINTR) {
        broken = errno != EAGAIN && errno != EWOULDBLOCK;
        break;
      }
    }
    if (sent == frame.size()) return;
    if (!broken) {
      const bool first = queue_.empty();
      if (first) queue_begin_ = sent;
      queued_bytes_ += frame.size();
      queue_.push_back(std::move(frame));
      if (!first) return;
    }
  }
  if (broken) return link.fail("");
  asio::post(socket_.get_executor(),
             [self = shared_from_this(), shared = link.shared_from_this()] { self->wait_writable(shared); });
}

void Channel::wait_writable(std::shared_ptr<Link> link) {
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this(), link = std::move(link)](const boost::system::error_code& failure) {
                       if (failure) return;
                       bool broken = false;
                       {
                         const std::lock_guard lock(self->mutex_);
                         while (!self->queue_.empty() && !self->failed_) {
                           const auto& front = self->queue_.front();
                           const auto done = ::send(self->socket_.native_handle(), front.data() + self->queue_begin_,
                                                    front.size() - self->queue_begin_, MSG_DONTWAIT | MSG_NOSIGNAL);
                           if (done < 0) {
                             broken = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
                             break;
                           }
                           self->queue_begin_ += static_cast<std::size_t>(done);
                           if (self->queue_begin_ < front.size()) continue;
                           self->queued_bytes_ -= front.size();
                           self->queue_.pop_front();
                           self->queue_begin_ = 0;
                         }
                         if (self->queue_.empty() || self->failed_) return;
                       }
                       broken ? link->fail("") : self->wait_writable(link);
                     });
}

void Channel::cancel(Link& link, std::uint64_t id) {
  std::shared_ptr<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(id);
    if (found == calls_.end() || !found->second.waiting) return;
    waiting = std::move(found->second.waiting);
    found->second = {nullptr, Clock::time_point::max()};
  }
  send(link, {.id = id, .kind = Kind::cancel}, compose(link.arena()));
  waiting->complete(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)), {}, false);
}

void Channel::expire(Link& link) {
  const auto now = Clock::now();
  std::vector<std::uint64_t> cancelled;
  std::vector<std::shared_ptr<Waiting>> waiting;
  bool hangs = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, call] : calls_) {
      if (call.deadline > now) continue;
      if (!call.waiting) hangs = true;
      if (call.waiting) cancelled.push_back(id);
      if (call.waiting) waiting.push_back(std::move(call.waiting));
      call = {nullptr, now + limits_.call};
    }
  }
  for (const auto id : cancelled) send(link, {.id = id, .kind = Kind::cancel}, compose(link.arena()));
  const Error late(Code::unavailable, "did not answer within " + to_text(limits_.call), "retry");
  for (const auto& one : waiting) one->complete(std::make_exception_ptr(late), {}, false);
  if (hangs) link.fail("did not answer within " + to_text(limits_.call) + ", nor when it was cancelled");
}

void Channel::fail(const Error& error) {
  std::unordered_map<std::uint64_t, Call> calls;
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = true;
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
    calls.swap(calls_);
    queue_.clear();
  }
  for (auto& [id, call] : calls) {
    if (call.waiting) call.waiting->complete(std::make_exception_ptr(error), {}, false);
  }
}

void Channel::wait_readable(std::shared_ptr<Link> link) {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this(), link = std::move(link)](const boost::system::error_code& failure) {
                       if (!failure) self->read(link);
                     });
}

void Channel::read(const std::shared_ptr<Link>& link) {
  // A bound on how long one busy process keeps this thread.
  for (int round = 0; round < 16; ++round) {
    const auto space = reader_.space();
    const auto got = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    reader_.received(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
    if (got <= 0) {
      for (const auto& [id, serving] : std::unordered_map(serving_)) {
        serving->signal.emit(asio::cancellation_type::terminal);
      }
      return link->fail("");
    }
    try {
      while (auto message = reader_.next()) take(link, std::move(*message));
    } catch (const Malformed& broken) {
      return link->fail(std::string("sent what is no message: ") + broken.what());
    }
    if (static_cast<std::size_t>(got) < space.size()) break;
  }
  wait_readable(link);
}

void Channel::take(const std::shared_ptr<Link>& link, Incoming message) {
  const auto& header = message.header;
  if (header.slot != Header::no_slot) message.slot = link->arena().received(header.slot);
  switch (header.kind) {
    case Kind::request:
      return serve(link, std::move(message));
    case Kind::reply:
    case Kind::error:
      return answer(*link, std::move(message));
    case Kind::cancel: {
      const auto found = serving_.find(header.id);
      if (found == serving_.end()) return;  // it has ended meanwhile
      const auto serving = found->second;
      return serving->signal.emit(asio::cancellation_type::terminal);
    }
    case Kind::drop:
      if (header.target < Objects::first_own) throw Malformed("an object that stays is dropped");
      return link->objects().drop(header.target);
  }
}

void Channel::answer(Link& link, Incoming message) {
  std::shared_ptr<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(message.header.id);
    if (found == calls_.end()) {
      if (failed_) return;
      throw Malformed("an answer that nobody asked for");
    }
    waiting = std::move(found->second.waiting);
    calls_.erase(found);
  }
  if (waiting) {
    waiting->complete(nullptr, std::move(message), true);
  } else if (message.header.kind == Kind::reply && message.header.target != 0) {
    link.drop(message.header.target);  // made for somebody who has left
  }
}

void Channel::serve(const std::shared_ptr<Link>& link, Incoming message) {
  const auto header = message.header;
  const Method* method = find_method(header.method);
  if (method == nullptr || method->waits == nullptr) throw Malformed("there is no such call");
  if (serving_.size() >= limits_.calls) throw Malformed("more calls at once than there may be");
  if (!link->trusts_peer()) message.own();
  auto object = link->objects().find(header.target, static_cast<std::uint8_t>(header.method >> 8));
  const auto serving = std::make_shared<Serving>();
  if (!serving_.emplace(header.id, serving).second) throw Malformed("two calls have one number");
  auto done = [self = shared_from_this(), link, id = header.id, serving](std::exception_ptr failure, Outgoing answer) {
    self->ended(*link, id, failure, std::move(answer));
  };
  asio::co_spawn(socket_.get_executor(), method->waits(link, std::move(object), std::move(message)),
                 asio::bind_cancellation_slot(serving->signal.slot(), std::move(done)));
}

void Channel::ended(Link& link, std::uint64_t id, const std::exception_ptr& failure, Outgoing answer) {
  serving_.erase(id);
  Header header{.id = id, .target = answer.object, .kind = Kind::reply};
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const Malformed& broken) {
      return link.fail(std::string("sent what is no call: ") + broken.what());
    } catch (...) {
      header.kind = Kind::error;
      answer = compose_error(link.arena(), failure);
    }
  }
  send(link, header, std::move(answer));
}

}  // namespace drawbridge::kernel::isolation
