// The owner's side: seal, entrust, record, announce; answer those who ask for a key or an envelope; revoke.
#include <exception>

#include "assets.h"
#include "drawbridge/host.h"
#include "sealing.h"

namespace drawbridge {
namespace {

constexpr std::size_t fetch_step = Stream::max_message_bytes;

std::string announce_entry(const std::string& asset) {
  return "announce/" + asset;
}
std::string revoked_entry(const std::string& asset) {
  return "revoked/" + asset;
}

/// Where the owner keeps what it announced, for a grantee who asks again.
Key announced_key(const std::string& asset, const std::string& grantee) {
  return "announced/" + asset + "/" + grantee;
}

Policy policy_for(const std::string& grantee, std::optional<Timestamp> expires) {
  if (!expires) return Policy::recipient(grantee);
  return Policy::all({Policy::recipient(grantee), Policy::before(*expires)});
}

}  // namespace

Task<Shared> AssetsService::share(ShareRequest request, ByteSource& content) {
  const std::string grantee = resolve(request.recipient);
  if (!card_of(grantee).keys.suites.contains(std::string(suite_->suite()))) {
    throw Error(Code::unsupported, "the recipient has no keys of the suite '" + std::string(suite_->suite()) + "'");
  }
  Begun begun{{}, grantee, host_->clock().now()};
  if (request.expires && *request.expires <= begun.time) throw Error(Code::invalid, "the expiry is in the past");

  Shared out;
  Bytes message;
  std::exception_ptr failure;
  try {
    message = co_await seal_and_record(request, content, begun, out);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    if (!begun.asset.empty()) co_await try_abandon(std::move(begun));
    std::rethrow_exception(failure);
  }
  out.delivered = message.empty() || co_await deliver_now(grantee, announce_entry(out.asset), std::move(message));
  co_return out;
}

/// All that must be durable before a share is acknowledged. Returns the message to the grantee, which is in the outbox;
/// nothing for an asset of the node's own.
Task<Bytes> AssetsService::seal_and_record(const ShareRequest& request, ByteSource& content, Begun& begun,
                                           Shared& out) {
  const std::string self = identity_->node_id();
  const Secret data_key = host_->random().secret(CipherSuite::data_key_bytes);
  std::function<Task<>(std::string)> note = [this, &begun](std::string asset) {
    return note_begun(begun, std::move(asset));
  };
  const SealedContent sealed =
      co_await seal_content(*host_, *suite_, *blobs_, data_key, request.info, content, std::move(note));
  out.asset = sealed.asset;
  out.recipient = begun.grantee;
  out.suite = suite_->suite();
  out.key_version = keyring_->current_version();
  out.content_size = sealed.content_size;
  Grant grant{
      sealed.asset, self, begun.grantee, policy_for(begun.grantee, request.expires), std::string(keeper_->keeper()),
      begun.time};
  const auto announcement = co_await announce(std::move(grant), data_key.clone(), sealed.envelope_size, out);

  AssetRecord record{sealed.asset,    true, self,      {begun.grantee}, sealed.envelope_size, begun.time,
                     request.expires, {},   out.suite, !announcement};
  const AssetSecret secret{data_key.clone(), request.info, sealed.content_size};
  Batch batch;
  catalog_->add(batch, record, secret);
  note_ended(batch, sealed.asset);
  Bytes message;
  if (announcement) {
    message = encode_message({"announce", {}, *announcement});
    batch.put(announced_key(sealed.asset, begun.grantee), *announcement);
    outbox_->put(batch, begun.grantee, announce_entry(sealed.asset), message);
  }
  co_await records_->commit(std::move(batch));
  co_return message;
}

void AssetsService::withdraw_announcement(Batch& batch, const std::string& asset, const std::string& grantee) const {
  batch.erase(announced_key(asset, grantee));
  outbox_->erase(batch, grantee, announce_entry(asset));
}

/// Entrusts the key, records the event, and makes the signed announcement; nothing for an asset of the node's own.
Task<std::optional<Bytes>> AssetsService::announce(Grant grant, Secret data_key, std::uint64_t envelope_size,
                                                   Shared& out) {
  Announcement announcement{grant, out.suite, envelope_size, {}, {}};
  announcement.wrapped = co_await keeper_->entrust(grant, std::move(data_key));
  EventDraft draft{"shared", grant.asset, shared_details(grant)};
  out.event = co_await ledger_->append(std::move(draft));
  if (grant.grantee == grant.owner) co_return std::nullopt;
  announcement.proof = co_await ledger_->proof(out.event.index, true);
  const auto work = [&] { return sign_announcement(announcement, *identity_); };
  co_return co_await host_->blocking(work);
}

/// One try before the share returns; whatever happens, the entry is in the outbox until it is confirmed.
Task<bool> AssetsService::deliver_now(std::string peer, std::string what, Bytes message) {
  if (deliver_within_.count() == 0) {
    outbox_->ring(peer);
    co_return false;
  }
  try {
    co_await request(*transport_, peer, std::string(assets_protocol), std::move(message), deliver_within_);
  } catch (const Error& error) {
    host_->log().info("delivery to {} goes on in the background: {}", peer, error.what());
    co_return false;
  }
  Batch batch;
  outbox_->erase(batch, peer, what);
  co_await records_->commit(std::move(batch));
  const std::string asset = what.substr(what.find('/') + 1);
  co_await catalog_->update(asset, [](AssetRecord& record) { record.delivered = true; });
  co_return true;
}

/// One try of the outbox.
Task<> AssetsService::send(std::string peer, std::string what, Bytes message) {
  co_await request(*transport_, peer, std::string(assets_protocol), std::move(message), peer_timeout_);
  const std::string asset = what.substr(what.find('/') + 1);
  co_await catalog_->update(asset, [](AssetRecord& record) { record.delivered = true; });
}

Task<> AssetsService::revoke(std::string asset, std::optional<std::string> recipient) {
  asset = canonical(asset);
  const auto record = co_await catalog_->find(asset);
  if (!record) throw Error(Code::not_found, "no asset " + asset + " here");
  if (!record->owned) throw Error(Code::forbidden, "only the owner can revoke", "ask " + record->owner);
  std::vector<std::string> whom = record->grantees;
  if (recipient) {
    const std::string id = resolve(*recipient);
    if (std::find(whom.begin(), whom.end(), id) == whom.end()) {
      throw Error(Code::not_found, "this asset was not shared with '" + *recipient + "'");
    }
    whom = {id};
  }
  if (record->revoked) co_return;
  const Timestamp now = host_->clock().now();
  for (const std::string& grantee : whom) {
    co_await keeper_->revoke(asset, grantee);
    co_await record_event("revoked", asset, record->owner, grantee);
    if (grantee == identity_->node_id()) continue;
    Bytes message = encode_message({"revoked", asset, {}});
    Batch batch;
    outbox_->erase(batch, grantee, announce_entry(asset));
    outbox_->put(batch, grantee, revoked_entry(asset), message);
    co_await records_->commit(std::move(batch));
  }
  co_await catalog_->update(asset, [now](AssetRecord& changed) {
    changed.revoked = now;
    changed.delivered = false;
  });
  for (const std::string& grantee : whom) {
    if (grantee == identity_->node_id()) continue;
    Bytes message = encode_message({"revoked", asset, {}});
    co_await deliver_now(grantee, revoked_entry(asset), std::move(message));
  }
}

Task<Bytes> AssetsService::on_release(std::string asset, std::string peer) {
  Bytes wrapped = co_await keeper_->release(asset, peer);
  auto announcement = co_await records_->get(announced_key(asset, peer));
  if (!announcement) throw Error(Code::not_found, "no asset " + asset + " here");
  co_await record_event("released", asset, identity_->node_id(), peer);
  co_return encode_released({std::move(*announcement), std::move(wrapped)});
}

Task<> AssetsService::on_fetch(std::string asset, Stream& stream) {
  const auto record = co_await catalog_->find(asset);
  if (!record || !record->owned) throw Error(Code::not_found, "no asset " + asset + " here");
  const auto& whom = record->grantees;
  if (std::find(whom.begin(), whom.end(), stream.peer()) == whom.end()) {
    throw Error(Code::forbidden, "no grant of this asset to " + stream.peer());
  }
  if (state_of(*record) != "active") throw Error(Code::gone, "the grant is " + state_of(*record));
  Bytes size;
  append_u64be(size, record->envelope_size);
  co_await stream.send(std::move(size));
  for (std::uint64_t offset = 0; offset < record->envelope_size;) {
    Bytes part(fetch_step);
    part.resize(co_await blobs_->read(asset, offset, part));
    if (part.empty()) throw Error(Code::corrupt, "the stored envelope is cut short");
    offset += part.size();
    co_await stream.send(std::move(part));
  }
}

}  // namespace drawbridge
