#pragma once

#include <string>
#include <vector>

#include "drawbridge/ledger.h"
#include "drawbridge/random.h"
#include "drawbridge/records.h"
#include "tiles.h"

// What happens to the events of one commit before they are stored. No waiting here.
namespace drawbridge {

/// An event before it has an index.
struct Draft {
  std::string type;
  std::string subject;  ///< Empty: not to be found by a subject.
  Timestamp time{};     ///< Set when it is queued, so that the log's times are in its order.
  Bytes salt;
  Bytes details;
  Digest commitment{};
};

/// Checks and commits to what the caller wants to record. Throws invalid, too_large.
Draft make_draft(EventDraft event, Random& random);

/// The signed head, and whether it is stored: that of an empty log is not.
struct Head {
  Checkpoint checkpoint;
  std::string note;
  bool stored = false;
};

/// The next state of the ledger, and the batch that makes it so.
struct Commit {
  Batch batch;
  std::vector<LedgerEvent> events;
  Edge edge;
  Head head;
};

Commit prepare_commit(const std::vector<Draft>& drafts, const Edge& edge, const Head& old, const Secret& node_seed);

}  // namespace drawbridge
