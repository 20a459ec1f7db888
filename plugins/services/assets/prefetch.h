#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "drawbridge/records.h"

namespace drawbridge {

/// How much of what a peer announced may be fetched without anybody asking for it. An envelope counts from before it is
/// fetched until it is opened here, revoked, or given up; so a peer can fill `per_peer` bytes of this node's disk, and
/// what users open makes room again.
///
/// Records: "prefetched/<owner>/<asset>" the envelope's size. They are written before the fetch, so that a crash counts
/// too much rather than too little. Thread-safe.
class PrefetchQuota {
 public:
  struct Limits {
    std::uint64_t per_asset = 0;
    std::uint64_t per_peer = 0;
  };

  PrefetchQuota(Records& records, const Limits& limits) : records_(records), limits_(limits) {}

  /// Adds up what is counted already. Called once, before the others.
  Task<> load();

  /// Counts an envelope that is about to be fetched; false when that would be too much. Twice is fine.
  Task<bool> reserve(std::string owner, std::string asset, std::uint64_t size);

  /// Counts it no longer. Fine when it is not counted.
  Task<> release(std::string owner, std::string asset);

 private:
  bool add(const std::string& owner, std::uint64_t size);
  void subtract(const std::string& owner, std::uint64_t size);

  Records& records_;
  Limits limits_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> used_;  // by owner
};

}  // namespace drawbridge
