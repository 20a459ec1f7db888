#include "lane.h"

#include <memory>

namespace drawbridge::python {

Lane::~Lane() {
  for (Job* job = first_; job != nullptr;) delete std::exchange(job, job->next);
}

bool Lane::accept(Job* job) {
  const std::lock_guard lock(mutex_);
  if (!here_) return false;
  *last_ = job;
  last_ = &job->next;
  if (owner_ != std::this_thread::get_id()) came_.notify_one();
  return true;
}

Lane::Job* Lane::take_all() {
  last_ = &first_;
  return std::exchange(first_, nullptr);
}

void Lane::run_all(Job* first) {
  while (first != nullptr) {
    const std::unique_ptr<Job> job(std::exchange(first, first->next));
    job->run();
  }
}

void Lane::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    Job* const jobs = take_all();
    lock.unlock();
    if (jobs == nullptr) return;
    run_all(jobs);
  }
}

void Lane::run_one_of(Milliseconds at_most) {
  {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, at_most, [this] { return first_ != nullptr; });
  }
  run();
}

void Lane::leave() {
  const std::lock_guard lock(mutex_);
  here_ = false;
  if (Job* const jobs = take_all(); jobs != nullptr) {
    asio::require(beyond_, asio::execution::blocking.never).execute([jobs] { run_all(jobs); });
  }
}

}  // namespace drawbridge::python
