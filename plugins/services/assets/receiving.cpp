// The grantee's side: take announcements, obtain keys, fetch envelopes.
#include <algorithm>
#include <exception>
#include <optional>

#include "assets.h"
#include "drawbridge/host.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds locate_timeout = 3s;
constexpr std::size_t peers_asked = 32;

Key received_key(const std::string& asset) {
  return "received/" + asset;
}

}  // namespace

Task<> AssetsService::on_stream(std::shared_ptr<Stream> stream) {
  const auto first = co_await stream->receive();
  if (!first) throw Error(Code::invalid, "no message");
  AssetsMessage message = decode_message(*first);
  if (message.op == "announce") {
    co_await accept(std::move(message.announcement), stream->peer());
    co_await stream->send({});
    co_return;
  }
  const std::string asset = canonical(message.asset);
  if (message.op == "release") {
    Bytes answer = co_await on_release(asset, stream->peer());
    co_await stream->send(std::move(answer));
  } else if (message.op == "fetch") {
    co_await on_fetch(asset, *stream);
  } else if (message.op == "revoked") {
    co_await on_revoked(asset, stream->peer());
    co_await stream->send({});
  } else {
    throw Error(Code::unsupported, "unknown operation");
  }
}

/// Takes an announcement: verified, stored, recorded. The same one again is fine.
Task<> AssetsService::accept(Bytes bytes, std::string peer) {
  if (claimed_owner(bytes) != peer) throw Error(Code::forbidden, "an announcement comes from its owner only");
  const Card owner = card_of(peer);
  const auto work = [&] { return open_announcement(bytes, owner, *suite_); };
  const Announcement announcement = co_await host_->blocking(work);
  const Grant& grant = announcement.grant;
  if (grant.grantee != identity_->node_id()) throw Error(Code::forbidden, "the announcement is for another node");
  if (canonical(grant.asset) != grant.asset) throw Error(Code::invalid, "the asset's id is not canonical");
  const Turns::Turn turn = co_await common_->accepting.take(grant.asset);
  const auto known = co_await catalog_->find(grant.asset);
  if (known) {
    if (known->owner != peer) throw Error(Code::conflict, "another owner has announced this asset");
    co_return;
  }

  // A sealed secret without a key: a place for name and type, which are known once the envelope was opened.
  const AssetRecord record{grant.asset,
                           false,
                           grant.owner,
                           {grant.grantee},
                           announcement.envelope_size,
                           grant.created,
                           grant.policy.expiry(),
                           {},
                           announcement.suite,
                           false};
  Batch batch;
  catalog_->add(batch, record, AssetSecret{});
  batch.put(received_key(grant.asset), bytes);
  if (prefetch_) {
    Bytes size;
    append_u64be(size, announcement.envelope_size);
    inbox_->put(batch, grant.owner, grant.asset, size);
  }
  // The event comes first, for nothing may be received that is not recorded; after a crash between the two it is there.
  co_await record_once("received", grant.asset, grant.owner, grant.grantee);
  co_await records_->commit(std::move(batch));
  if (prefetch_) inbox_->ring(grant.owner);
}

Task<> AssetsService::on_revoked(std::string asset, std::string peer) {
  const auto record = co_await catalog_->find(asset);
  if (!record) co_return;  // revoked before its announcement came
  if (record->owned || record->owner != peer) throw Error(Code::forbidden, "only the owner can revoke");
  // All of it again when it is told again: a crash may have come between two of these steps.
  const Turns::Turn turn = co_await common_->accepting.take(asset);
  const Timestamp now = host_->clock().now();
  co_await catalog_->update(asset, [now](AssetRecord& changed) {
    if (!changed.revoked) changed.revoked = now;
    changed.delivered = false;
  });
  Batch batch;
  batch.erase(received_key(asset));
  inbox_->erase(batch, peer, asset);
  co_await records_->commit(std::move(batch));
  co_await blobs_->erase(asset);
  co_await prefetched_->release(peer, asset);
  co_await record_once("revoked", asset, peer, identity_->node_id());
}

/// The data key of a received asset: from the announcement where it came along, else from the owner.
Task<Secret> AssetsService::obtain_key(const AssetRecord& record) {
  if (record.revoked) throw Error(Code::gone, "the owner has revoked this asset");
  if (state_of(record) == "expired") throw Error(Code::gone, "the grant has expired");
  const auto bytes = co_await records_->get(received_key(record.asset));
  if (!bytes) throw Error(Code::corrupt, "the announcement of " + record.asset + " is missing");
  const Card owner = card_of(record.owner);
  const auto work = [&] { return open_announcement(*bytes, owner, *suite_); };
  Announcement announcement = co_await host_->blocking(work);
  if (!announcement.wrapped) {
    std::optional<Error> refused;
    try {
      announcement.wrapped = (co_await ask_release(record.owner, record.asset)).wrapped;
    } catch (const Error& error) {
      refused = error;
    }
    if (refused && refused->code() == Code::unavailable) {
      throw Error(Code::unavailable, "the owner '" + owner.name + "' decides on this asset and cannot be reached",
                  "try again when it is back; `drawbridge status` shows the links");
    }
    if (refused) throw *refused;
  }
  const auto unwrap = [&] { return identity_->unwrap(announcement.grant.context(), *announcement.wrapped); };
  co_return co_await host_->blocking(unwrap);
}

Task<Released> AssetsService::ask_release(std::string owner, std::string asset) {
  Bytes message = encode_message({"release", asset, {}});
  const Bytes answer =
      co_await request(*transport_, owner, std::string(assets_protocol), std::move(message), peer_timeout_);
  co_return decode_released(answer);
}

/// A bounded number of peers, those that are connected first.
std::vector<std::string> AssetsService::peers_to_ask() const {
  std::vector<std::string> out;
  for (const LinkStatus& link : transport_->links()) {
    if (link.connected) out.push_back(link.node_id);
  }
  for (const Peer& peer : identity_->peers()) {
    std::string id = peer.card.node_id();
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(std::move(id));
  }
  if (out.size() > peers_asked) out.resize(peers_asked);
  return out;
}

/// Asks the peers for an asset that nobody announced here: the owner may know of a grant whose announcement was lost.
/// Returns when it is in the catalog; else throws forbidden or gone if a peer said so, and not_found.
Task<> AssetsService::locate(std::string asset) {
  std::optional<Error> refusal;
  for (const std::string& peer : peers_to_ask()) {
    Bytes message = encode_message({"release", asset, {}});
    std::optional<Bytes> answer;
    try {
      answer = co_await request(*transport_, peer, std::string(assets_protocol), std::move(message), locate_timeout);
    } catch (const Error& error) {
      if (error.code() == Code::forbidden || error.code() == Code::gone) refusal = error;
    }
    if (!answer) continue;
    try {
      co_await accept(decode_released(*answer).announcement, peer);
    } catch (const Error& error) {
      host_->log().warning("{} offers {} with an announcement that is refused: {}", peer, asset, error.what());
    }
    if (co_await catalog_->find(asset)) co_return;  // else it was another's word: ask on
  }
  if (refusal) throw *refusal;
  throw Error(Code::not_found, "no asset " + asset + " here, and no peer that can be reached offers it");
}

/// One try of the inbox. Beyond the quota, the envelope is left where it is until somebody opens the asset.
Task<> AssetsService::fetch_ahead(std::string owner, std::string asset, std::uint64_t envelope_size) {
  const bool counted = co_await prefetched_->reserve(owner, asset, envelope_size);
  if (!counted) {
    host_->log().info("{} ({} bytes) of {} is not fetched ahead: beyond prefetch_limit or prefetch_asset_limit", asset,
                      envelope_size, owner);
    co_return;
  }
  std::exception_ptr failure;
  try {
    co_await fetch(owner, asset, envelope_size);
  } catch (...) {
    failure = std::current_exception();
  }
  const auto record = co_await catalog_->find(asset);
  if (failure || !record || record->revoked) co_await prefetched_->release(owner, asset);
  if (failure) std::rethrow_exception(failure);
}

/// Fetches an envelope from its owner and verifies it as it arrives: nothing but bytes of that address is stored.
Task<> AssetsService::fetch(std::string owner, std::string asset, std::uint64_t envelope_size) {
  const Turns::Turn turn = co_await common_->fetching.take(asset);
  if (!(co_await blobs_->stat(asset))) {
    const auto stream = co_await transport_->open(owner, std::string(assets_protocol));
    Bytes message = encode_message({"fetch", asset, {}});
    co_await stream->send(std::move(message));
    co_await stream->finish();
    const auto size = co_await stream->receive();
    if (!size || size->size() != 8 || load_u64be(*size) != envelope_size) {
      throw Error(Code::unavailable, "the owner has another envelope than it announced");
    }
    const std::unique_ptr<BlobWriter> writer = co_await blobs_->create();
    auto hasher = suite_->hasher();
    std::uint64_t got = 0;
    while (const auto part = co_await stream->receive()) {
      got += part->size();
      if (got > envelope_size) throw Error(Code::unavailable, "the owner sent more than it announced");
      hasher->update(*part);
      co_await writer->write(*part);
    }
    if (std::string(suite_->address_prefix()) + ":" + to_hex(hasher->finish()) != asset) {
      throw Error(Code::unavailable, "the owner sent an envelope of another address");
    }
    co_await writer->commit(asset);
    host_->log().info("fetched {} ({} bytes)", asset, envelope_size);
  }
  bool revoked = false;
  co_await catalog_->update(asset, [&revoked](AssetRecord& record) {
    revoked = record.revoked.has_value();
    record.delivered = !revoked;
  });
  if (revoked) co_await blobs_->erase(asset);  // the revocation came while the envelope was on its way
}

}  // namespace drawbridge
