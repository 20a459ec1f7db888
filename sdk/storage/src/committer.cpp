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
#include "drawbridge/options.h"

namespace drawbridge::storage {
namespace {

// A group beyond this does not sync faster a byte, and makes its first waiter wait.
constexpr std::uint64_t max_group_bytes = 4_MiB;
constexpr std::uint64_t overhead_bytes = 64;
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

Committer::Committer(const Settings& settings, Database& database, Condition& condition)
    : settings_(settings), database_(database), condition_(condition), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "storage-commit");
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
  const auto storage = settings_.who();
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
      for (auto& job : group) job->error = Error(Code::internal, settings_.who() + error.what());
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
  const auto failure = attempt(group);
  if (!failure) return;
  if (group.size() == 1) {
    group.front()->error = failure;
    return;
  }
  // What one of them asks for may be all that the engine cannot do. Verdicts that came from the company count no more.
  for (auto& job : group) {
    if (auto alone = attempt({&job, 1})) job->error = alone;
  }
}

std::optional<Error> Committer::attempt(std::span<std::unique_ptr<Job>> jobs) {
  std::optional<Error> failure;
  try {
    if (write(jobs)) condition_.engine_recovered();
  } catch (const Error& error) {
    failure = error;
  } catch (const std::exception& error) {
    failure = Error(Code::internal, settings_.who() + error.what());
  }
  if (failure) note(*failure);
  return failure;
}

Load Committer::load_of(std::span<const std::unique_ptr<Job>> jobs) {
  Load load{jobs.size(), 0, 0, false};
  for (const auto& job : jobs) {
    const auto* batch = std::get_if<Batch>(&job->write);
    load.changes += batch ? batch->changes().size() : 2;  // a blob: its entry and its content
    load.bytes += job->bytes;
    const auto puts = [](const Batch::Change& change) { return change.value.has_value(); };
    load.puts = load.puts ||
                (batch ? std::ranges::any_of(batch->changes(), puts) : std::holds_alternative<BlobPut>(job->write));
  }
  return load;
}

bool Committer::write(std::span<std::unique_ptr<Job>> jobs) {
  const auto transaction = database_.begin(load_of(jobs));
  Assembly assembly(settings_, *transaction);
  for (auto& job : jobs) {
    job->error.reset();
    try {
      job->previous = assembly.add(job->write);
    } catch (const Error& error) {
      if (assembly.halfway()) throw;
      job->error = error;
    }
  }
  if (!assembly.changed()) return false;
  const auto begin = std::chrono::steady_clock::now();
  transaction->commit();
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  patience_ = std::min(took / 4, max_patience);
  return true;
}

void Committer::note(const Error& failure) {
  const bool damaged = failure.code() == Code::corrupt;
  condition_.engine_failed(damaged ? Health::State::failed : Health::State::degraded, failure.what());
}

void Committer::finish(std::unique_ptr<Job> job) {
  const auto home = std::move(job->home);
  auto resume = [done = std::move(job->done), error = std::move(job->error), previous = job->previous]() mutable {
    std::move(done)(error ? std::make_exception_ptr(*error) : std::exception_ptr(), previous);
  };
  asio::post(home, std::move(resume));
}

}  // namespace drawbridge::storage
