#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "drawbridge/records.h"
#include "drawbridge/storage/condition.h"
#include "drawbridge/storage/database.h"
#include "drawbridge/task.h"
#include "entry.h"

namespace drawbridge::storage {

/// A blob that becomes visible, unless its id has an entry already.
struct BlobPut {
  std::string id;
  Entry entry;
  Bytes content;  ///< For Entry::Kind::content.
};
struct BlobErase {
  std::string id;
};
using Write = std::variant<Batch, BlobPut, BlobErase>;

/// Group commit: one thread takes everything that is queued, evaluates it in order, writes it as one transaction
/// with one sync, and then resumes each waiter on the waiter's own executor. While the disk syncs, the next group
/// gathers.
class Committer {
 public:
  Committer(const Settings& settings, Database& database, Condition& condition);
  ~Committer();

  /// Durable (as `sync` says) when it returns. For a blob: the entry that was there before, which a BlobPut leaves
  /// alone. Throws conflict; busy when the queue is full; too_large beyond `max_batch_bytes`; unavailable or corrupt
  /// when the engine refuses.
  Task<std::optional<Entry>> commit(Write write);

  /// Finishes what is queued, refuses what comes later, ends the thread; blocks. Safe twice.
  void stop();

 private:
  using Done = asio::any_completion_handler<void(std::exception_ptr, std::optional<Entry>)>;
  struct Job {
    Write write;
    std::uint64_t bytes = 0;
    asio::any_io_executor home;
    Done done;
    std::optional<Error> error;
    std::optional<Entry> previous;
  };
  using Group = std::vector<std::unique_ptr<Job>>;

  void submit(std::unique_ptr<Job> job);
  /// Why the queue does not take the job, with the lock held.
  std::optional<Error> refusal(const Job& job) const;
  void run();
  /// The next group; empty when it is over.
  Group take();
  void apply(Group& group);
  /// Writes all of them in one transaction; an error is of all, what was refused to one is in its job.
  std::optional<Error> attempt(std::span<std::unique_ptr<Job>> jobs);
  /// Whether something was written.
  bool write(std::span<std::unique_ptr<Job>> jobs);
  static Load load_of(std::span<const std::unique_ptr<Job>> jobs);
  /// For `health`.
  void note(const Error& failure);
  static void finish(std::unique_ptr<Job> job);

  const Settings settings_;
  Database& database_;
  Condition& condition_;
  std::size_t last_members_ = 0;           ///< How many the last group had. Of the committing thread only.
  std::chrono::microseconds patience_{0};  ///< How long the next group may gather, by the last sync. So is this.

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::uint64_t queued_bytes_ = 0;
  std::size_t wanted_ = 1;  ///< From how many on the committing thread wants to be woken.
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace drawbridge::storage
