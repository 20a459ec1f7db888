#include "group.h"

#include "drawbridge/cbor.h"
#include "drawbridge/merkle.h"
#include "store.h"

namespace drawbridge {
namespace {

constexpr std::size_t salt_bytes = 32;
constexpr std::size_t max_details = 64;
constexpr std::size_t max_details_bytes = 16_KiB;  // A proof that shows them stays below its 64 KiB.
constexpr const char* subject_detail = "asset";

Bytes encode_details(const std::map<std::string, std::string>& details) {
  if (details.size() > max_details) throw Error(Code::too_large, "an event has at most 64 details");
  CborMap map;
  for (const auto& [key, value] : details) {
    if (!is_utf8(key) || !is_utf8(value)) throw Error(Code::invalid, "the details of an event are UTF-8");
    map.emplace(key, value);
  }
  Bytes bytes = encode(Cbor(std::move(map)));
  if (bytes.size() > max_details_bytes) throw Error(Code::too_large, "the details of an event have at most 16 KiB");
  return bytes;
}

LedgerEvent make_event(const Draft& draft, std::uint64_t index) {
  LedgerEvent event;
  event.index = index;
  event.type = draft.type;
  event.time = draft.time;
  event.commitment = draft.commitment;
  event.salt = draft.salt;
  event.details = draft.details;
  event.entry = encode_entry(draft.type, draft.time, draft.commitment);
  event.leaf = merkle_leaf(event.entry);
  return event;
}

}  // namespace

Draft make_draft(EventDraft event, Random& random) {
  if (event.subject.empty()) {
    const auto asset = event.details.find(subject_detail);
    if (asset != event.details.end()) event.subject = asset->second;
  } else if (event.details.emplace(subject_detail, event.subject).first->second != event.subject) {
    throw Error(Code::invalid, "the subject of an event and its detail 'asset' differ");
  }
  Draft draft;
  draft.details = encode_details(event.details);
  draft.salt = random.bytes(salt_bytes);
  draft.commitment = event_commitment(draft.salt, draft.details);
  encode_entry(event.type, draft.time,
               draft.commitment);  // Throws for a malformed type now, not in a group with others.
  draft.type = std::move(event.type);
  draft.subject = std::move(event.subject);
  return draft;
}

Commit prepare_commit(const std::vector<Draft>& drafts, const Edge& edge, const Head& old, const Secret& node_seed) {
  Commit next;
  next.edge = edge;
  std::vector<Digest> leaves;
  for (const Draft& draft : drafts) {
    LedgerEvent event = make_event(draft, edge.size() + leaves.size());
    next.batch.put(entry_key(event.index), event.entry);
    next.batch.put(opening_key(event.index), opening_bytes({event.salt, event.details}));
    if (!draft.subject.empty()) next.batch.put(subject_key(draft.subject, event.index), {});
    leaves.push_back(event.leaf);
    next.events.push_back(std::move(event));
  }
  for (const auto& [tile, hashes] : next.edge.grow(leaves)) next.batch.put(tile_key(tile), tile_bytes(hashes));
  next.head.checkpoint = {old.checkpoint.origin, next.edge.size(), next.edge.root()};
  next.head.note = sign_checkpoint(next.head.checkpoint, node_seed);
  next.head.stored = true;
  next.batch.put(Key(checkpoint_key), to_bytes(next.head.note));
  if (old.stored) {
    next.batch.expect(Key(checkpoint_key), to_bytes(old.note));
  } else {
    next.batch.expect_absent(Key(checkpoint_key));
  }
  return next;
}

}  // namespace drawbridge
