#include "assets.h"

#include <algorithm>

#include "drawbridge/handover.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "reader.h"

namespace drawbridge {

using namespace std::chrono_literals;

namespace {
constexpr Milliseconds look_again = 5ms;  // whether a predecessor, or a stream, has ended
}  // namespace

struct AssetsService::Opened final : OpenAsset {
  Opened(AssetInfo what, EnvelopeReader from) : info_(std::move(what)), reader(std::move(from)) {}
  const AssetInfo& info() const override { return info_; }
  Task<std::size_t> read(std::uint64_t offset, MutableBytes out) override { return reader.read(offset, out); }

  AssetInfo info_;
  EnvelopeReader reader;
};

/// Keeps the component while it serves a stream.
class AssetsService::Visit {
 public:
  explicit Visit(std::shared_ptr<AssetsService> service) : service_(std::move(service)) { ++service_->visits_; }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() { --service_->visits_; }
  AssetsService* operator->() const { return service_.get(); }

 private:
  const std::shared_ptr<AssetsService> service_;
};

void AssetsService::options(Options& o) {
  o.use("blobs", blobs_, "Where envelopes are kept.");
  o.use("records", records_, "Where the list of assets and the outbox are kept; the keyring's own records.");
  o.use("suite", suite_, "Seals, hashes and signs.");
  o.use("keyring", keyring_, "Seals the data keys at rest.");
  o.use("identity", identity_, "Who this node is and whom it knows.");
  o.use("keeper", keeper_, "Holds the keys of what this node shares, and releases them.");
  o.use("ledger", ledger_, "Records every step.");
  o.use("transport", transport_, "Reaches the peers.");
  o.flag("prefetch", prefetch_,
         "Fetch an envelope as soon as it is announced, so that it opens while its owner is away.");
  o.size("prefetch_asset_limit", prefetch_limits_.per_asset, {0, 1024_TiB},
         "Longest envelope that is fetched ahead; a longer one is noted and fetched when it is opened.");
  o.size("prefetch_limit", prefetch_limits_.per_peer, {0, 1024_TiB},
         "How much of each peer is fetched ahead and not opened yet; beyond it, envelopes are fetched when they are "
         "opened.");
  o.duration("deliver_within", deliver_within_, {0ms, 60s},
             "How long a share waits for the grantee's confirmation before delivery goes on in the background.");
  o.duration("peer_timeout", peer_timeout_, {100ms, 300s}, "How long one question to a peer may take.");
  o.duration("outbox_keep", keep_, {1min, 365 * 24h}, "How long delivery to a peer that is away is tried.");
}

Task<> AssetsService::start(Host& host) {
  host_ = &host;
  catalog_ = std::make_unique<Catalog>(*records_, *keyring_);
  const auto old = adopt<AssetsService>(host);
  common_ = old ? old->common_ : std::make_shared<Common>();
  outbox_ = std::make_unique<Spool>(host, *records_, common_->spools, "outbox/", keep_,
                                    [this](std::string peer, std::string what, Bytes message) {
                                      return send(std::move(peer), std::move(what), std::move(message));
                                    });
  inbox_ = std::make_unique<Spool>(host, *records_, common_->spools, "inbox/", keep_,
                                   [this](std::string owner, std::string asset, Bytes size) {
                                     return fetch_ahead(std::move(owner), std::move(asset), load_u64be(size));
                                   });
  prefetched_ = std::make_unique<PrefetchQuota>(*records_, prefetch_limits_);
  co_await prefetched_->load();
  // In a reload, what is not finished may be what the predecessor is about.
  if (!host.predecessor()) co_await remove_unfinished();
  outbox_->start();
  inbox_->start();
  serve_streams();
}

Task<> AssetsService::stop() {
  if (!host_ || !inbox_) co_return;
  const bool replaced = leave_streams();
  co_await outbox_->stop();
  co_await inbox_->stop();
  // Otherwise it is for the transport to let streams end, or to end them.
  while (replaced && visits_ > 0) co_await host_->sleep(look_again);
}

/// A transport that is kept in a reload has a handler already: one that leads to whoever serves by then.
void AssetsService::serve_streams() {
  const std::lock_guard lock(common_->mutex);
  auto& serving = common_->serving;
  const bool known = std::any_of(serving.begin(), serving.end(),
                                 [this](const auto* other) { return &*other->transport_ == &*transport_; });
  if (!known) {
    transport_->serve(std::string(assets_protocol), [common = common_](std::shared_ptr<Stream> stream) {
      return serve_by_newest(common, std::move(stream));
    });
  }
  serving.push_back(this);
}

/// Whether another one goes on.
bool AssetsService::leave_streams() {
  const std::lock_guard lock(common_->mutex);
  auto& serving = common_->serving;
  if (std::erase(serving, this) == 0) return false;
  const bool used = std::any_of(serving.begin(), serving.end(),
                                [this](const auto* other) { return &*other->transport_ == &*transport_; });
  if (!used) transport_->withdraw(std::string(assets_protocol));
  return !serving.empty();
}

Task<> AssetsService::serve_by_newest(std::shared_ptr<Common> common, std::shared_ptr<Stream> stream) {
  std::optional<Visit> visit;
  {
    const std::lock_guard lock(common->mutex);
    if (common->serving.empty()) throw Error(Code::unavailable, "the node is stopping");
    visit.emplace(common->serving.back()->shared_from_this());
  }
  co_await (*visit)->on_stream(std::move(stream));
}

std::string AssetsService::canonical(std::string_view asset) const {
  const std::string prefix = std::string(suite_->address_prefix()) + ":";
  std::string_view digest = asset;
  if (digest.starts_with(prefix)) digest.remove_prefix(prefix.size());
  if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw Error(Code::invalid, "'" + std::string(asset.substr(0, 80)) + "' is not a data hash",
                "a data hash is '" + prefix + "' and 64 hexadecimal digits");
  }
  return prefix + std::string(digest);
}

std::string AssetsService::resolve(const std::string& recipient) const {
  if (recipient == identity_->node_id() || recipient == identity_->card().name) return identity_->node_id();
  if (const auto peer = identity_->find_peer(recipient)) return peer->card.node_id();
  throw Error(Code::not_found, "unknown recipient '" + recipient.substr(0, 80) + "'",
              "add its card with `drawbridge peers add`, or look at `drawbridge peers list`");
}

Card AssetsService::card_of(const std::string& node_id) const {
  if (node_id == identity_->node_id()) return identity_->card();
  if (const auto peer = identity_->find_peer(node_id)) return peer->card;
  throw Error(Code::not_found, "no peer " + node_id.substr(0, 80));
}

std::string AssetsService::state_of(const AssetRecord& record) const {
  if (record.revoked) return "revoked";
  if (record.expires && *record.expires <= host_->clock().now()) return "expired";
  return "active";
}

Task<AssetInfo> AssetsService::describe(AssetRecord record) {
  const AssetSecret secret = co_await catalog_->secret(record.asset);
  AssetInfo out;
  out.state = state_of(record);
  out.role = record.owned ? "owner" : "grantee";
  out.delivery = record.owned ? (record.delivered ? "delivered" : "pending") : (record.delivered ? "stored" : "remote");
  out.asset = std::move(record.asset);
  out.owner = std::move(record.owner);
  out.grantees = std::move(record.grantees);
  out.info = secret.info;
  out.content_size = secret.content_size;
  out.envelope_size = record.envelope_size;
  out.time = record.time;
  out.expires = record.expires;
  out.suite = std::move(record.suite);
  co_return out;
}

Task<LedgerEvent> AssetsService::record_event(std::string type, std::string asset, std::string owner,
                                              std::string grantee) {
  EventDraft draft{
      std::move(type), asset, {{"asset", asset}, {"owner", std::move(owner)}, {"grantee", std::move(grantee)}}};
  co_return co_await ledger_->append(std::move(draft));
}

/// For what may be told again after a crash: the ledger is asked first. Two of the same asset must not run at once.
Task<> AssetsService::record_once(std::string type, std::string asset, std::string owner, std::string grantee) {
  const std::vector<LedgerEvent> events = co_await ledger_->find(asset);
  for (const LedgerEvent& event : events) {
    if (event.type == type) co_return;
  }
  co_await record_event(std::move(type), std::move(asset), std::move(owner), std::move(grantee));
}

Task<std::unique_ptr<AssetsService::Opened>> AssetsService::open_envelope(std::string asset) {
  auto record = co_await catalog_->find(asset);
  if (!record) {
    co_await locate(asset);
    record = co_await catalog_->find(asset);
    if (!record) throw Error(Code::not_found, "no asset " + asset + " here");
  }
  Secret key;
  if (record->owned) {
    key = std::move((co_await catalog_->secret(asset)).data_key);
  } else {
    key = co_await obtain_key(*record);
    if (!(co_await blobs_->stat(asset))) co_await fetch(record->owner, asset, record->envelope_size);
  }
  EnvelopeReader reader = co_await EnvelopeReader::open(*host_, *suite_, *blobs_, asset, key);
  if (!record->owned) co_await prefetched_->release(record->owner, asset);
  AssetInfo info = co_await describe(std::move(*record));
  if (info.content_size != reader.content_size() || info.info != reader.info()) {
    info.content_size = reader.content_size();
    info.info = reader.info();
    AssetSecret secret{Secret{}, info.info, info.content_size};
    co_await catalog_->put_secret(asset, std::move(secret));
  }
  co_return std::make_unique<Opened>(std::move(info), std::move(reader));
}

Task<std::unique_ptr<OpenAsset>> AssetsService::open(std::string asset) {
  auto opened = co_await open_envelope(canonical(asset));
  const AssetInfo& info = opened->info();
  co_await record_event("opened", info.asset, info.owner, identity_->node_id());
  co_return opened;
}

Task<PortableChunk> AssetsService::export_chunk(std::string asset, std::uint64_t index) {
  const auto opened = co_await open_envelope(canonical(asset));
  PortableChunk chunk = co_await opened->reader.chunk(index);
  chunk.format = suite_->suite();  // the envelope's too, for it opened
  const AssetInfo& info = opened->info();
  co_await record_event("exported", info.asset, info.owner, identity_->node_id());
  co_return chunk;
}

Task<std::uint64_t> AssetsService::pending() {
  co_return co_await outbox_->size();
}

Task<std::optional<AssetInfo>> AssetsService::find(std::string asset) {
  auto record = co_await catalog_->find(canonical(asset));
  if (!record) co_return std::nullopt;
  co_return co_await describe(std::move(*record));
}

Task<Assets::Page> AssetsService::list(AssetQuery query) {
  if (query.limit < 1 || query.limit > 1000) throw Error(Code::invalid, "limit must be 1 to 1000");
  if (!query.role.empty() && query.role != "owner" && query.role != "grantee") {
    throw Error(Code::invalid, "role must be owner or grantee");
  }
  if (!query.recipient.empty()) query.recipient = resolve(query.recipient);
  Catalog::Page page = co_await catalog_->list(std::move(query));
  Page out;
  out.cursor = std::move(page.cursor);
  for (AssetRecord& record : page.records) out.assets.push_back(co_await describe(std::move(record)));
  co_return out;
}

Task<Digest> AssetsService::hash_stored(std::string asset) {
  auto hasher = suite_->hasher();
  Bytes buffer(1_MiB);
  for (std::uint64_t offset = 0;;) {
    const std::size_t got = co_await blobs_->read(asset, offset, buffer);
    if (got == 0) break;
    offset += got;
    const auto work = [&] { hasher->update(BytesView(buffer).first(got)); };
    co_await host_->blocking(work);
  }
  const Bytes hash = hasher->finish();
  Digest out{};
  std::copy_n(hash.begin(), std::min(hash.size(), out.size()), out.begin());
  co_return out;
}

Task<Verification> AssetsService::verify(std::string asset, bool deep) {
  asset = canonical(asset);
  Verification out;
  const std::vector<LedgerEvent> events = co_await ledger_->find(asset);
  if (events.empty()) {
    out.reason = "no event of this asset is in this node's ledger";
    co_return out;
  }
  out.event = events.front();
  out.proof = co_await ledger_->proof(events.front().index, false);
  out.checkpoint = parse_proof(out.proof).checkpoint;
  try {
    check_event_proof(out.proof, identity_->node_id(), identity_->node_key().public_key);
  } catch (const Error& error) {
    out.reason = error.what();
    co_return out;
  }
  if (deep) {
    if (!(co_await blobs_->stat(asset))) {
      out.reason = "the envelope is not stored here";
      co_return out;
    }
    if (std::string(suite_->address_prefix()) + ":" + to_hex(co_await hash_stored(asset)) != asset) {
      out.reason = "the stored envelope is damaged";
      co_return out;
    }
  }
  out.verified = true;
  co_return out;
}

Task<std::string> AssetsService::proof(std::string asset) {
  asset = canonical(asset);
  const std::vector<LedgerEvent> events = co_await ledger_->find(asset);
  if (events.empty()) throw Error(Code::not_found, "no event of " + asset + " is in this node's ledger");
  co_return co_await ledger_->proof(events.front().index, true);
}

DRAWBRIDGE_PLUGIN(AssetsService, "service.assets", "0.1.0", "Shares, opens, lists, verifies and revokes assets.")

}  // namespace drawbridge
