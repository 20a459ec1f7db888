#include "committer.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "assembly.h"

namespace drawbridge::rocks {
namespace {

// A group beyond this does not sync faster a byte, and makes its first waiter wait.
constexpr std::uint64_t max_group_bytes = 4_MiB;
constexpr std::uint64_t overhead_bytes = 64;
constexpr Milliseconds resume_interval{1000};
constexpr std::chrono::microseconds max_patience{1000};

std::uint64_t size_of(const std::optional<Bytes>& value) {
  return value ? value->size() : 0;
}

std::uint64_t size_of(const Write& write) {
  std::uint64_t bytes = overhead_bytes;
  if (const auto* batch = std::get_if<Batch>(&write)) {
    for (const auto& change : batch->changes()) bytes += overhead_bytes + change.key.size() + size_of(change.value);
    for (const auto& expected : batch->expectations()) bytes += expected.key.size() + size_of(expected.value);
  } else if (const auto* put = std::get_if<BlobPut>(&write)) {
    bytes += put->id.size() + put->content.size();
  }
  return bytes;
}

}  // namespace

Committer::Committer(const Settings& settings, Database& database, Condition& condition, const Clock& clock)
    : settings_(settings), database_(database), condition_(condition), clock_(clock), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "rocksdb-commit");
}

Committer::~Committer() {
  stop();
}

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Task<std::optional<Entry>> Committer::commit(Write write) {
  auto job = std::make_unique<Job>();
  job->bytes = size_of(write);
  job->write = std::move(write);
  const auto home = co_await asio::this_coro::executor;
  job->home = asio::prefer(home, asio::execution::outstanding_work.tracked);
  auto start = [this, &job](auto handler) {
    Done(std::move(handler)).swap(job->done);  // its move assignment in Boost 1.81 recurses without end
    submit(std::move(job));
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable),
                                          void(std::exception_ptr, std::optional<Entry>)>(start, asio::use_awaitable);
}

void Committer::submit(std::unique_ptr<Job> job) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    job->error = refusal(*job);
    if (!job->error) {
      queued_bytes_ += job->bytes;
      queue_.push_back(std::move(job));
      wakes = queue_.size() >= wanted_ || queued_bytes_ >= max_group_bytes;
    }
  }
  if (job) finish(std::move(job));
  if (wakes) wake_.notify_one();
}

std::optional<Error> Committer::refusal(const Job& job) const {
  const auto storage = "storage '" + settings_.name + "': ";
  if (stopping_) return Error(Code::unavailable, storage + "it is stopping");
  if (job.bytes > settings_.live->max_batch_bytes) {
    return Error(Code::too_large,
                 storage + "a batch of " + std::to_string(job.bytes) + " bytes is beyond max_batch_bytes, " +
                     size_text(settings_.live->max_batch_bytes),
                 "commit it in parts, or raise max_batch_bytes");
  }
  const bool full =
      queue_.size() >= settings_.live->max_queue || queued_bytes_ + job.bytes > 2 * settings_.live->max_batch_bytes;
  if (full) return Error(Code::busy, storage + "the write queue is full");
  return std::nullopt;
}

void Committer::run() {
  for (auto group = take(); !group.empty(); group = take()) {
    try {
      apply(group);
    } catch (const std::exception& error) {  // out of memory, most likely; nothing was written
      for (auto& job : group) job->error = Error(Code::internal, "storage '" + settings_.name + "': " + error.what());
    }
    for (auto& job : group) finish(std::move(job));
  }
}

Committer::Group Committer::take() {
  Group group;
  std::unique_lock lock(mutex_);
  wanted_ = 1;
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (queue_.size() < last_members_) {
    // Clients that have just been served come back in a moment. Without them this sync would serve the few that came
    // during the last one, and all others would wait for two. What a little patience costs is small beside the sync.
    wanted_ = last_members_;
    wake_.wait_for(lock, patience_,
                   [this] { return stopping_ || queue_.size() >= wanted_ || queued_bytes_ >= max_group_bytes; });
  }
  std::uint64_t bytes = 0;
  while (!queue_.empty() && (group.empty() || bytes + queue_.front()->bytes <= max_group_bytes)) {
    bytes += queue_.front()->bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  last_members_ = group.size();
  return group;
}

void Committer::apply(Group& group) {
  Assembly assembly(settings_, database_, group.size());
  for (auto& job : group) {
    try {
      job->previous = assembly.add(job->write);
    } catch (const Error& error) {
      job->error = error;
    }
  }
  if (assembly.batch().Count() == 0) return;
  const auto failure = write(assembly.batch());
  if (!failure) return;
  // Even a conflict may have come from a member of the group that is not there now: nobody's verdict stands.
  for (auto& job : group) job->error = failure;
}

std::optional<Error> Committer::write(rocksdb::WriteBatch& batch) {
  const auto begin = std::chrono::steady_clock::now();
  auto status = database_.write(batch, settings_.live->sync);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  patience_ = std::min(took / 4, max_patience);
  if (!status.ok() && try_resume()) status = database_.write(batch, settings_.live->sync);
  if (!status.ok()) return to_error(settings_, "write", status);
  return std::nullopt;
}

bool Committer::try_resume() {
  if (!condition_.engine_failed()) return false;
  const auto now = clock_.now();
  if (now >= last_resume_ && now - last_resume_ < resume_interval) return false;
  last_resume_ = now;
  if (!database_.resume()) return false;
  condition_.engine_recovered();
  return true;
}

void Committer::finish(std::unique_ptr<Job> job) {
  const auto home = std::move(job->home);
  auto resume = [done = std::move(job->done), error = std::move(job->error), previous = job->previous]() mutable {
    std::move(done)(error ? std::make_exception_ptr(*error) : std::exception_ptr(), previous);
  };
  asio::post(home, std::move(resume));
}

}  // namespace drawbridge::rocks
