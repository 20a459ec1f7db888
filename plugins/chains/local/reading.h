#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drawbridge/host.h"
#include "group.h"
#include "store.h"

// What is made for readers out of the stored log. Each result has been verified against the head before it is given
// out: throws corrupt naming the part at fault. The host outlives the tasks.
namespace drawbridge {

Task<std::vector<LedgerEvent>> find_events(Host& host, Store store, Checkpoint head, std::string subject);

/// The text of a proof file. Throws not_found.
Task<std::string> make_proof(Host& host, Store store, std::shared_ptr<const Head> head, std::uint64_t index,
                             bool with_opening);

/// RFC 6962 §2.1.2. Throws invalid unless size1 <= size2 <= head.size.
Task<std::vector<Digest>> make_consistency(Store store, Checkpoint head, std::uint64_t size1, std::uint64_t size2);

/// That the log of `now` extends the one of `old`.
Task<> check_extends(Store store, Checkpoint old, Checkpoint now);

}  // namespace drawbridge
