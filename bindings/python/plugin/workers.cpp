#include "workers.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <list>
#include <thread>
#include <vector>

#include "drawbridge/error.h"

namespace drawbridge::python {

using SteadyClock = std::chrono::steady_clock;

void Job::finish(std::exception_ptr failure) noexcept {
  over_ = true;
  std::function<void()> tell;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::pending) return;
    state_ = State::finished;
    failure_ = std::move(failure);
    tell.swap(tell_);
  }
  changed_.notify_all();
  if (tell) tell();
}

bool Job::abandon(bool late) {
  std::function<void()> dropped;
  const std::lock_guard lock(mutex_);
  if (state_ == State::finished) return false;
  state_ = State::abandoned;
  late_ = late;
  dropped.swap(tell_);
  return true;
}

bool Job::pending() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::pending;
}

bool Job::abandoned() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::abandoned;
}

bool Job::wait(Milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return state_ == State::finished; });
}

void Job::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

/// Shared with the threads: one that hangs outlives the component.
struct Workers::State {
  struct Running {
    std::shared_ptr<Job> job;
    SteadyClock::time_point began;
  };

  const std::size_t max_threads;
  const std::size_t max_pending;
  const Milliseconds patience;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Job>> queue;
  std::list<Running> running;  ///< On a thread.
  std::vector<Running> later;  ///< Left their thread, to be finished by a loop.
  std::vector<Object> disposed;
  std::size_t alive = 0;
  std::size_t idle = 0;
  bool closed = false;

  State(std::size_t threads, std::size_t pending, Milliseconds patience_of_each)
      : max_threads(threads), max_pending(pending), patience(patience_of_each) {}

  bool hangs(const Running& each) const {
    return each.job->late() || (each.job->abandoned() && SteadyClock::now() - each.began > patience);
  }

  void forget_finished() {
    std::erase_if(later, [](const auto& each) { return each.job->over(); });
  }
  std::size_t hung_threads() const {
    return static_cast<std::size_t>(
        std::count_if(running.begin(), running.end(), [this](const auto& each) { return hangs(each); }));
  }
  bool quiet() const {
    return std::none_of(queue.begin(), queue.end(), [](const auto& job) { return job->pending(); }) &&
           std::all_of(running.begin(), running.end(), [](const auto& each) { return each.job->abandoned(); }) &&
           std::none_of(later.begin(), later.end(), [](const auto& each) { return each.job->pending(); });
  }

  /// A job, or none when the thread is to end. With the lock, without the GIL.
  std::shared_ptr<Job> next(std::unique_lock<std::mutex>& lock) {
    ++idle;
    changed.wait(lock, [this] { return closed || !queue.empty(); });
    --idle;
    if (queue.empty()) return nullptr;
    auto job = std::move(queue.front());
    queue.pop_front();
    return job;
  }

  void run(const std::shared_ptr<Job>& job) {
    if (!job->pending()) return;
    std::list<Running> mine;
    mine.push_back({job, SteadyClock::now()});
    const auto at = mine.begin();
    std::vector<Object> garbage;
    {
      const std::lock_guard lock(mutex);
      running.splice(running.end(), mine);
      garbage.swap(disposed);
    }
    garbage.clear();
    job->run();
    {
      const std::lock_guard lock(mutex);
      if (!job->over()) later.push_back(*at);
      forget_finished();
      mine.splice(mine.end(), running, at);
    }
    changed.notify_all();
  }

  static void work(const std::shared_ptr<State>& self) {
    const WithGil gil;
    while (gil) {
      std::shared_ptr<Job> job;
      {
        const WithoutGil free;
        std::unique_lock lock(self->mutex);
        job = self->next(lock);
      }
      if (!job) break;
      self->run(job);
    }
    std::vector<Object> garbage;
    {
      const std::lock_guard lock(self->mutex);
      --self->alive;
      garbage.swap(self->disposed);
    }
    self->changed.notify_all();
  }
};

Workers::Workers(std::size_t threads, std::size_t max_pending, Milliseconds patience)
    : state_(std::make_shared<State>(threads, max_pending, patience)) {}

Workers::~Workers() {
  close(Milliseconds(0));
}

void Workers::submit(std::shared_ptr<Job> job) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.closed) throw Error(Code::unavailable, "stopped");
  if (state.hung_threads() == state.max_threads) {
    throw Error(Code::unavailable,
                fmt::format("all {} threads are held by calls that never returned", state.max_threads),
                "restart the node, and mend the plugin");
  }
  state.forget_finished();
  if (state.queue.size() + state.running.size() + state.later.size() >= state.max_pending) {
    throw Error(Code::busy, fmt::format("{} calls are pending", state.max_pending));
  }
  state.queue.push_back(std::move(job));
  if (state.idle < state.queue.size() && state.alive < state.max_threads) {
    std::thread(State::work, state_).detach();
    ++state.alive;
  }
  state.changed.notify_one();
}

void Workers::drain(Milliseconds at_most) {
  auto& state = *state_;
  const auto deadline = SteadyClock::now() + at_most;
  std::unique_lock lock(state.mutex);
  // What a loop finishes rings no bell, and neither does a caller that gives up.
  while (!state.quiet() && SteadyClock::now() < deadline) state.changed.wait_for(lock, Milliseconds(5));
}

void Workers::close(Milliseconds at_most) {
  auto& state = *state_;
  const auto deadline = SteadyClock::now() + at_most;
  std::deque<std::shared_ptr<Job>> refused;
  std::unique_lock lock(state.mutex);
  state.closed = true;
  refused.swap(state.queue);
  state.changed.notify_all();
  while (state.alive > state.hung_threads() && SteadyClock::now() < deadline) {
    state.changed.wait_for(lock, Milliseconds(5));
  }
  lock.unlock();
  for (const auto& job : refused) job->finish(std::make_exception_ptr(Error(Code::unavailable, "stopped")));
}

void Workers::dispose(Object object) {
  if (PyGILState_Check() != 0) return;  // the parameter's own destructor
  const std::lock_guard lock(state_->mutex);
  if (state_->closed && state_->alive > 0 && state_->hung_threads() == state_->alive) {
    object.take().release();  // whoever hangs may have the GIL for ever
  } else if (!state_->closed || state_->alive > 0) {
    state_->disposed.push_back(std::move(object));
  }
}

Workers::Hung Workers::hung() const {
  const std::lock_guard lock(state_->mutex);
  Hung out;
  for (const auto& each : state_->running) {
    if (!state_->hangs(each)) continue;
    ++out.threads;
    const auto since = std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - each.began);
    if (out.method.empty() || since > out.since) {
      out.method = each.job->method();
      out.since = since;
    }
  }
  for (const auto& each : state_->later) {
    if (each.job->over() || !state_->hangs(each)) continue;
    out.loop = true;
    out.method = each.job->method();
    out.since = std::max(out.since, std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - each.began));
  }
  return out;
}

std::size_t Workers::threads() const {
  return state_->max_threads;
}

}  // namespace drawbridge::python
