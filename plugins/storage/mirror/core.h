#pragma once

#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "drawbridge/storage.h"
#include "drawbridge/task_group.h"
#include "mark.h"
#include "order.h"

// What one mirror is made of. The rules that keep both storages alike, and the notes that survive a crash, are in
// docs/formats/storage-mirror.md.
namespace drawbridge::mirror {

struct Settings {
  std::string label = "mirror";
  bool both = false;  ///< Refuse writes while one storage is away.
  Milliseconds retry{1'000};
  std::uint64_t journal_max = 1'000'000;
};

struct Side {
  Records* records = nullptr;
  Blobs* blobs = nullptr;
  std::string_view name;
  std::atomic<std::int64_t> latency_us{0};   ///< Of reads; a moving average.
  std::atomic<std::int64_t> avoid_until{0};  ///< Unix ms: a read failed lately.
};

/// Who decides, and whether the other one misses something.
struct Role {
  int leader = 0;
  bool alone = false;  ///< The other one misses writes: it is neither read nor written.
  bool marked = true;  ///< The leader's storage says so, too.
  Mark mark;
};

/// What a write leaves in the leader's journal, until the other storage has it as well.
struct Note {
  std::vector<Batch> ahead;  ///< To be committed before the write.
  Batch with;                ///< To be committed with the write.
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> erases;  ///< Entries that are over and go with this one.
};

/// What instances of one mirror share while a reload changes from one to the other. Thread-safe.
class State {
 public:
  Order writes;
  Order roles;  ///< Held while the role changes.
  std::atomic<bool> resyncing{false};
  std::atomic<std::uint64_t> next{1};
  std::atomic<std::uint64_t> journal{0};  ///< Entries that the other one misses.

  Role role() const;
  void set(Role role);
  void finish(int leader, const std::vector<std::uint64_t>& numbers);
  /// Entries that may be erased from the leader's journal.
  std::vector<std::uint64_t> take_finished();
  std::string detail() const;
  void tell(std::string detail);

 private:
  mutable std::mutex mutex_;
  Role role_;
  std::vector<std::uint64_t> finished_;
  std::string detail_;
};

/// Whether an error says that a storage cannot serve, and not that the call was wrong.
bool is_outage(const std::exception_ptr& failure);
std::string reason(const std::exception_ptr& failure);

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Settings settings, Host& host);

  Settings settings;
  Host& host;
  std::array<Side, 2> sides;
  std::shared_ptr<State> state = std::make_shared<State>();

  /// Reads what is noted in the storages and takes up the role that follows; see opening.cpp. `before`: the instance
  /// that this one replaces.
  Task<> open(std::shared_ptr<State> before);
  /// Brings the other storage up to date whenever it misses something; runs until it is cancelled.
  Task<> watch();
  /// Erases what is over from the journal.
  Task<> clean();

  using Lead = std::function<Task<>(int side, const Note& note)>;
  using Follow = std::function<Task<>(int side)>;
  /// One write in its place of the order: to the leader, with a note of what changes, then to the other one. Returns
  /// when the write is as safe as the settings ask. The functions are called again when the leader changes.
  Task<> write(std::vector<std::string> subjects, const Lead& lead, const Follow& follow);
  /// Runs it to its end, even when the caller is cancelled: a write that is left half done would look like an outage.
  static Task<> shielded(Task<> task);

  /// Makes side `to` have the blob that `from` has, or not have it.
  Task<> copy_blob(int from, int to, std::string id);

  bool is_own(std::string_view key) const { return key.starts_with(prefix_); }
  Error error(Code code, const std::string& what, std::string hint = {}) const;
  std::string other_name(const Role& role) const { return std::string(sides[1 - role.leader].name); }

 private:
  // writing.cpp
  Note make_note(const Role& role, const std::vector<std::string>& subjects);
  Task<> fail_over(int leader, std::exception_ptr failure);
  Task<> leave_behind(int leader, std::exception_ptr failure);
  Task<> mark_alone();
  Task<> follow_patiently(const Follow& follow, int side);

  // opening.cpp
  struct Found;
  Task<Found> look(int side);
  Task<bool> is_empty(int side);
  Task<> open_new();
  Task<> open_half(int known, Mark mark);
  Task<> open_pair(const Mark& first, const Mark& second);
  void take_role(int leader, bool alone, bool marked, Mark mark);
  Task<std::uint64_t> count_journal(int side);

  // resync.cpp
  Task<> resync();
  Task<> prepare_other();
  Task<> begin_full();
  Task<> adopt_journal(int from);
  Task<> erase_journal(int side);
  Task<> drain();
  Task<std::size_t> replay_page(bool& more);
  Task<> finish();
  void report(const std::string& what, std::uint64_t count);

  // copying.cpp
  Task<> replay(const std::vector<std::string>& subjects);
  Task<> copy_all();
  Task<bool> copy_records_page(std::string& after, std::uint64_t& count);
  Task<bool> copy_blobs_page(std::string& after, std::uint64_t& count);

  Key mark_key() const { return prefix_ + "mark"; }
  Key journal_prefix() const { return prefix_ + "journal/"; }
  Key entry_key(std::uint64_t number) const;
  Task<> put_mark(int side, Mark mark);

  const std::string prefix_;
  Timestamp reported_{};
};

}  // namespace drawbridge::mirror
