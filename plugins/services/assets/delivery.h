#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "drawbridge/host.h"
#include "drawbridge/records.h"
#include "drawbridge/task_group.h"
#include "drawbridge/turns.h"

namespace drawbridge {

/// Work that waits for a peer, kept in records so that it survives a restart: "<prefix><peer>/<what>". Each entry is
/// tried until it succeeds, with a backoff for each peer that is away and for each entry that is refused. It is given
/// up after `keep`, and at once when the peer says that it is gone.
///
/// The entries of one peer are tried one after another, those of different peers side by side: a peer that answers
/// slowly or never holds up nobody else, as long as there are fewer than `max_peers` of them.
class Spool {
 public:
  static constexpr std::size_t max_peers = 64;

  /// One try. `what` is the entry's key behind the peer. Success erases the entry; whatever is thrown means to try
  /// again later.
  using Work = std::function<Task<>(std::string peer, std::string what, Bytes payload)>;

  /// Of the spools that share `turns` and a prefix, one works at a time; the others wait for its end.
  Spool(Host& host, Records& records, Turns& turns, std::string prefix, Milliseconds keep, Work work);

  /// Begins to work, and ends: cancels the tries that run and waits for their end.
  void start();
  Task<> stop();

  /// Adds an entry to a batch, and takes it out again.
  void put(Batch& batch, const std::string& peer, const std::string& what, BytesView payload) const;
  void erase(Batch& batch, const std::string& peer, const std::string& what) const;

  /// Looks at the spool soon; `peer` has shown signs of life, so its backoff is over.
  void ring(const std::string& peer);

  /// How many entries there are.
  Task<std::uint64_t> size() const;

 private:
  struct Backoff {
    Timestamp until{};
    Milliseconds delay{0};
  };
  enum class Begun { yes, no, full };

  Task<> run();
  Task<> sweep();
  Begun begin(const std::string& peer);
  bool again(const std::string& peer);
  Task<> serve(std::string peer);
  Task<> serve_entries(const std::string& peer);
  Task<> attempt(const std::string& peer, const Record& record);
  Task<std::optional<Error>> try_once(const std::string& peer, const std::string& what, const Record& record);
  void failed(const std::string& what, const Error& error);
  bool too_old(const Record& record) const;
  bool waiting(const std::string& what) const;
  void forget(const std::string& what);

  Host& host_;
  Records& records_;
  Turns& turns_;
  std::optional<Turns::Turn> turn_;  // from the beginning of the work until the last try has ended
  std::string prefix_;
  Milliseconds keep_;
  Work work_;
  Bell bell_;
  Key swept_;  // the worker's: where the last sweep ended because too many peers were served
  mutable std::mutex mutex_;
  std::map<std::string, Backoff> backoff_;  // by peer, and by key of an entry that was refused
  std::map<std::string, bool> serving_;     // by peer; whether it was rung for meanwhile
  bool held_up_ = false;                    // a peer waits for the end of another's turn
  TaskGroup tasks_;
};

}  // namespace drawbridge
