#pragma once

#include <map>
#include <vector>

#include "drawbridge/checkpoint.h"
#include "drawbridge/host.h"
#include "store.h"

// Does the stored ledger match its signed head, and if not, which part is at fault?
namespace drawbridge {

/// Runs work on the blocking pool when it is much; here, when it is little or the pool is full.
template <class Work>
Task<std::invoke_result_t<Work&>> compute(Host& host, bool much, Work work) {
  if (much) {
    try {
      co_return co_await host.blocking(work);
    } catch (const Error& error) {
      if (error.code() != Code::busy) throw;
    }
  }
  co_return work();
}

/// Under which subject an event is filed: its detail "asset". Empty without one, or without an opening.
std::string subject_of(const LedgerEvent& event);

/// The events [from, from + count), with their openings where they are kept; count >= 1, and the range is below
/// head.size. Each has been compared with its leaf, and its opening with its commitment. Throws corrupt naming the
/// entry, the opening or the tile.
Task<std::vector<LedgerEvent>> read_events(Host& host, Store store, Checkpoint head, std::uint64_t from,
                                           std::uint64_t count);

/// That the tile leads to the root of the head. Throws corrupt naming it, or the tile above it that does not.
Task<> check_tile(Store store, Checkpoint head, TileId tile);

/// The right edge of the tree that the head signs; throws corrupt when the stored one leads to another root, or goes on
/// behind the head.
Task<Edge> load_edge(Store store, Checkpoint head);

/// Recomputes everything from the entries up.
Task<> audit_ledger(Host& host, Store store, Checkpoint head);

}  // namespace drawbridge
