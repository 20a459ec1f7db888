// Shares that did not come to their end. What a share is about to store is noted before its envelope is stored, and the
// note goes with the record that makes the asset known. So whatever is still noted was never acknowledged, and its
// envelope and grant are removed: at once when the share fails, else when the node starts. The note comes first also so
// that records that take no writes, on a full disk, keep envelopes from piling up there.
//
// Records: "sharing/<asset>" the grantee and the time.
#include "assets.h"
#include "drawbridge/cbor.h"
#include "drawbridge/host.h"

namespace drawbridge {
namespace {

constexpr std::string_view prefix = "sharing/";

Key note_key(const std::string& asset) {
  return Key(prefix) + asset;
}

}  // namespace

/// `begun` must outlive the task.
Task<> AssetsService::note_begun(Begun& begun, std::string asset) {
  Batch batch;
  batch.put(note_key(asset), encode(CborMap{{"grantee", begun.grantee}, {"time", unix_ms(begun.time)}}));
  co_await records_->commit(std::move(batch));
  begun.asset = std::move(asset);
}

void AssetsService::note_ended(Batch& batch, const std::string& asset) {
  batch.erase(note_key(asset));
}

/// The event "shared" stays where it was recorded already, for a ledger only grows; "abandoned" follows it.
Task<> AssetsService::abandon(Begun begun) {
  co_await blobs_->erase(begun.asset);
  co_await keeper_->forget(begun.asset, begun.grantee);
  const std::vector<LedgerEvent> events = co_await ledger_->find(begun.asset);
  if (!events.empty()) co_await record_once("abandoned", begun.asset, identity_->node_id(), begun.grantee);
  Batch batch;
  // Nobody knows of a commit that failed whether it is stored.
  catalog_->remove(batch, begun.asset, begun.time);
  withdraw_announcement(batch, begun.asset, begun.grantee);
  note_ended(batch, begun.asset);
  co_await records_->commit(std::move(batch));
}

/// Never throws: what cannot be removed now is when the node starts.
Task<> AssetsService::try_abandon(Begun begun) {
  const std::string asset = begun.asset;
  std::string failure;
  try {
    co_await abandon(std::move(begun));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    host_->log().warning("the share of {} failed; what it left is removed at the next start: {}", asset, failure);
  }
}

Task<> AssetsService::remove_unfinished() {
  Key after;
  for (bool more = true; more;) {
    const Records::Page page = co_await records_->scan(Key(prefix), after, 256);
    for (const Record& record : page.records) {
      after = record.key;
      const Cbor note = decode_cbor(record.value);
      Begun begun{after.substr(prefix.size()), note.at("grantee").text(), from_unix_ms(note.at("time").integer())};
      host_->log().info("removing {}, whose share was not finished", begun.asset);
      co_await try_abandon(std::move(begun));
    }
    more = page.more;
  }
}

}  // namespace drawbridge
