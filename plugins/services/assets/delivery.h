#pragma once

#include <functional>
#include <map>
#include <string>

#include "drawbridge/host.h"
#include "drawbridge/records.h"
#include "drawbridge/task_group.h"

namespace drawbridge {

/// Work that waits for a peer, kept in records so that it survives a restart: "<prefix><peer>/<what>". A worker tries
/// each entry until it succeeds, with a backoff for each peer that is away and for each entry that is refused. It gives
/// an entry up after `keep`, and at once when the peer says that it is gone.
class Spool {
 public:
  /// One try. `what` is the entry's key behind the peer. Success erases the entry; an Error means to try again later.
  using Work = std::function<Task<>(std::string peer, std::string what, Bytes payload)>;

  Spool(Host& host, Records& records, std::string prefix, Milliseconds keep, Work work);

  /// Adds an entry to a batch, and takes it out again.
  void put(Batch& batch, const std::string& peer, const std::string& what, BytesView payload) const;
  void erase(Batch& batch, const std::string& peer, const std::string& what) const;

  /// Looks at the spool soon; `peer` has shown signs of life, so its backoff is over.
  void ring(const std::string& peer);

  /// The worker; runs until it is cancelled.
  Task<> run();

 private:
  struct Backoff {
    Timestamp until{};
    Milliseconds delay{0};
  };

  Task<> sweep();
  Task<> attempt(const Record& record);
  void failed(const std::string& what, const Error& error);
  bool waiting(const std::string& what) const;
  void forget(const std::string& what);

  Host& host_;
  Records& records_;
  std::string prefix_;
  Milliseconds keep_;
  Work work_;
  Bell bell_;
  mutable std::mutex mutex_;
  std::map<std::string, Backoff> backoff_;  // by peer, and by key of an entry that was refused
};

}  // namespace drawbridge
