#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/checkpoint.h"
#include "drawbridge/component.h"

namespace drawbridge {

/// What to record: a type and details. `subject` (an asset's id) makes the event findable; it is one of the details
/// ("asset") and never in the entry itself.
struct EventDraft {
  std::string type;
  std::string subject;
  std::map<std::string, std::string> details;
};

/// The append-only log of what happened, with proofs. An event holds a commitment, never a name or a plaintext hash.
/// All methods are thread-safe. Errors besides those named: unavailable, corrupt (the log does not match its own signed
/// head: it refuses to go on rather than sign it).
class DRAWBRIDGE_API Ledger : public virtual Component {
 public:
  static constexpr std::string_view facet_name = "Ledger";

  ~Ledger() override;

  /// Appends; when it returns, the event is durable and covered by a signed checkpoint. Concurrent appends share one
  /// commit.
  virtual Task<LedgerEvent> append(EventDraft draft) = 0;

  /// The signed note of the newest checkpoint, and what it says.
  virtual Task<std::string> checkpoint() = 0;
  virtual Task<Checkpoint> head() = 0;

  virtual Task<std::optional<LedgerEvent>> event(std::uint64_t index) = 0;

  struct Page {
    std::vector<LedgerEvent> events;
    bool more = false;
  };
  /// Events from `from` on, oldest first, at most `limit` (1 to 1 024).
  virtual Task<Page> events(std::uint64_t from, std::size_t limit) = 0;
  /// The events of one subject, oldest first, at most 1 024.
  virtual Task<std::vector<LedgerEvent>> find(std::string subject) = 0;

  /// The offline proof of one event against the newest checkpoint: the text of a tlog-proof file. Throws not_found.
  virtual Task<std::string> proof(std::uint64_t index, bool with_opening) = 0;

  /// RFC 6962 §2.1.2: that the log of `size2` extends the log of `size1`. Throws invalid unless size1 <= size2 <= head.
  virtual Task<std::vector<Digest>> consistency(std::uint64_t size1, std::uint64_t size2) = 0;

  /// Reads the whole log and recomputes every hash up to the signed head. Returns the head; throws corrupt naming the
  /// tile or entry.
  virtual Task<Checkpoint> audit() = 0;
};

}  // namespace drawbridge
