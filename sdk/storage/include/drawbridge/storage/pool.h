#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "drawbridge/error.h"
#include "drawbridge/storage/database.h"
#include "drawbridge/storage/pace.h"

namespace drawbridge::storage {

/// The readers of an engine (connections, snapshots) that are used by one thread at a time: made when they are needed,
/// kept, at most `max` of them. For engines that cannot tell whether a read needs the disk, it also says which read may
/// run on the caller's thread: see Pace. Thread-safe.
template <class Reader>
class Pool {
 public:
  using Make = std::function<std::unique_ptr<Reader>()>;

  Pool(std::size_t max, Make make) : max_(max), make_(std::move(make)) {}

  /// A reader for the length of one read; goes back on destruction.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Reader> reader)
        : pool_(pool), reader_(std::move(reader)), begin_(reader_ ? Pace::ticks() : 0) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (!reader_) return;
      pool_.pace_.note(Pace::ticks() - begin_);
      pool_.give_back(std::move(reader_));
    }
    explicit operator bool() const { return reader_ != nullptr; }
    Reader* operator->() const { return reader_.get(); }
    Reader& operator*() const { return *reader_; }

   private:
    Pool& pool_;
    std::unique_ptr<Reader> reader_;
    const std::uint64_t begin_;
  };

  /// With Tier::cached an empty lease where it would have to wait, or where reads are slow just now. With Tier::any it
  /// waits for a reader. Throws what making one throws.
  Lease take(Tier tier) {
    if (tier == Tier::cached && !pace_.quick()) return {*this, nullptr};
    std::unique_lock lock(mutex_);
    if (tier == Tier::cached && (paused_ || idle_.empty())) return {*this, nullptr};
    changed_.wait(lock, [this] { return !paused_ && (!idle_.empty() || lent_ < max_); });
    ++lent_;
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(reader)};
    }
    lock.unlock();
    try {
      return {*this, make_()};
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }

  /// From now on at most `max`, and all of them made anew.
  void renew(std::size_t max) {
    alone([&] {
      max_ = max;
      idle_.clear();
    });
  }

  /// Runs `work` while no reader is lent.
  template <class Work>
  void alone(Work work) {
    std::unique_lock lock(mutex_);
    paused_ = true;
    changed_.wait(lock, [this] { return lent_ == 0; });
    work();
    paused_ = false;
    lock.unlock();
    changed_.notify_all();
  }

 private:
  void give_back(std::unique_ptr<Reader> reader) {
    bool waited_for = false;
    {
      const std::lock_guard lock(mutex_);
      waited_for = paused_ || (idle_.empty() && lent_ >= max_);
      --lent_;
      if (reader) idle_.push_back(std::move(reader));
    }
    if (waited_for) changed_.notify_all();
  }

  std::size_t max_;
  const Make make_;
  Pace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Reader>> idle_;
  std::size_t lent_ = 0;
  bool paused_ = false;
};

}  // namespace drawbridge::storage
