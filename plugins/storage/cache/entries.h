#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"

namespace drawbridge::caching {

/// What is remembered of one thing; an absent value is remembered too.
using Value = std::optional<Bytes>;
using Shared = std::shared_ptr<const Value>;

/// The entries of a cache, bounded in bytes, the least recently used leaving first.
///
/// An entry has a subject, which is what a write touches (a record, a blob), and a part of it (0, or the number of a
/// block). What a reader found below may be remembered only if no write to that subject was under way at any moment
/// between its question and its answer; else the storage could have answered with what the write replaced.
///
///     entries.find(view, subject, part)          a hit
///     Fill fill(entries, view, subject);         before the storage is asked
///     fill.keep(part, value);                    after it has answered: remembered, unless a write came between
///     Change change(entries, view, {subject});   around a write
///     change.keep(subject, value);               what was written, unless another write overlapped
///
/// A view is a storage that entries come from: during a reload the old and the new cache share the entries, so that a
/// write through either is known to both, but what one storage answered is not told for another.
/// Thread-safe; no lock is held between calls.
class Entries {
 public:
  std::uint64_t new_view() { return views_.fetch_add(1); }
  void limit(std::uint64_t max_bytes);
  Shared find(std::uint64_t view, const std::string& subject, std::uint64_t part);
  std::uint64_t bytes() const;

  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> misses{0};

 private:
  friend class Fill;
  friend class Change;

  struct Id {
    std::string subject;
    std::uint64_t view;
    std::uint64_t part;
    auto operator<=>(const Id&) const = default;
  };
  struct Entry {
    Id id;
    Shared value;
    std::uint64_t cost;
  };
  /// What is under way at a subject; there only while something is.
  struct Traffic {
    int writers = 0;
    bool contended = false;  ///< Writers overlapped: nobody knows whose value is the last.
    int fills = 0;
    bool stale = false;  ///< A write began or was under way while one of the fills was.
  };

  void begin_fill(const std::string& subject);
  void end_fill(const std::string& subject);
  void keep_fill(Id id, Value value);
  void begin_changes(const std::vector<std::string>& subjects);
  void end_changes(std::uint64_t view, const std::vector<std::string>& subjects, std::map<std::string, Value> kept);

  // With the lock held.
  void insert(Id id, Value value);
  void forget(const std::string& subject);
  void erase(std::map<Id, std::list<Entry>::iterator>::iterator at);
  void leave(const std::string& subject);

  std::atomic<std::uint64_t> views_{0};
  mutable std::mutex mutex_;
  std::uint64_t max_bytes_ = 0;
  std::uint64_t used_ = 0;
  std::list<Entry> order_;  ///< The most recently used first.
  std::map<Id, std::list<Entry>::iterator> index_;
  std::map<std::string, Traffic> traffic_;
};

class Fill {
 public:
  Fill(Entries& entries, std::uint64_t view, std::string subject)
      : entries_(entries), view_(view), subject_(std::move(subject)) {
    entries_.begin_fill(subject_);
  }
  ~Fill() { entries_.end_fill(subject_); }
  Fill(const Fill&) = delete;
  Fill& operator=(const Fill&) = delete;
  void keep(std::uint64_t part, Value value) { entries_.keep_fill({subject_, view_, part}, std::move(value)); }

 private:
  Entries& entries_;
  const std::uint64_t view_;
  const std::string subject_;
};

class Change {
 public:
  /// `subjects` without repetition.
  Change(Entries& entries, std::uint64_t view, std::vector<std::string> subjects)
      : entries_(entries), view_(view), subjects_(std::move(subjects)) {
    entries_.begin_changes(subjects_);
  }
  ~Change() { entries_.end_changes(view_, subjects_, std::move(kept_)); }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  void keep(std::string subject, Value value) { kept_.insert_or_assign(std::move(subject), std::move(value)); }

 private:
  Entries& entries_;
  const std::uint64_t view_;
  const std::vector<std::string> subjects_;
  std::map<std::string, Value> kept_;
};

}  // namespace drawbridge::caching
