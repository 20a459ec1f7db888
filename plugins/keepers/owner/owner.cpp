// keeper.owner: the owner's own node holds the keys of its assets and decides who gets them.
//
// Records: "grant/<asset>/<grantee>" the grant, whether it is revoked, and the key wrapped for the grantee where the
// policy has no condition; the secret "keeper/<asset>" (see Keyring) the data key.
#include "drawbridge/cipher_suite.h"
#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"
#include "drawbridge/keyring.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

struct Entry {
  Grant grant;
  std::optional<Timestamp> revoked;
  std::optional<Bytes> wrapped;
};

Bytes encode_entry(const Entry& entry) {
  CborMap map{{"grant", entry.grant.cbor()}};
  if (entry.revoked) map.emplace("revoked", unix_ms(*entry.revoked));
  if (entry.wrapped) map.emplace("wrapped", *entry.wrapped);
  return encode(map);
}

Entry decode_entry(BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  Entry entry;
  entry.grant = Grant::from(cbor.at("grant"));
  if (const Cbor* revoked = cbor.find("revoked")) entry.revoked = from_unix_ms(revoked->integer());
  if (const Cbor* wrapped = cbor.find("wrapped")) entry.wrapped = wrapped->bytes();
  return entry;
}

Key grant_key(const std::string& asset, const std::string& grantee) {
  return "grant/" + asset + "/" + grantee;
}
std::string secret_name(const std::string& asset) {
  return "keeper/" + asset;
}

class OwnerKeeper final : public Keeper {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where grants are kept.");
    o.use("keyring", keyring_, "Seals the data keys at rest.");
    o.use("identity", identity_, "Knows the grantees' public keys.");
    o.use("suite", suite_, "Wraps data keys for grantees.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    co_return;
  }

  std::string_view keeper() const override { return "owner"; }

  Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) override {
    Entry entry{std::move(grant), std::nullopt, std::nullopt};
    const Bytes grantee_key = encryption_key(entry.grant.grantee);  // an unknown grantee is refused under any policy
    if (!entry.grant.policy.conditional()) {
      entry.wrapped = suite_->wrap(grantee_key, entry.grant.context(), data_key);
    }
    const Key key = grant_key(entry.grant.asset, entry.grant.grantee);
    const std::string secret = secret_name(entry.grant.asset);
    Batch batch;
    batch.expect_absent(key)
        .put(key, encode_entry(entry))
        .put(Keyring::record_key(secret), keyring_->seal(secret, data_key));
    co_await records_->commit(std::move(batch));
    co_return std::move(entry.wrapped);
  }

  Task<Bytes> release(std::string asset, std::string grantee) override {
    Entry entry = co_await load(asset, grantee);
    if (entry.revoked) throw Error(Code::gone, "the grant was revoked at " + to_rfc3339(*entry.revoked));
    switch (entry.grant.policy.evaluate({host_->clock().now(), grantee})) {
      case Policy::Result::expired:
        throw Error(Code::gone, "the grant has expired");
      case Policy::Result::denied:
        throw Error(Code::forbidden, "the policy does not hold");
      case Policy::Result::holds:
        break;
    }
    if (entry.wrapped) co_return std::move(*entry.wrapped);
    const std::string secret = secret_name(asset);
    const auto sealed = co_await records_->get(Keyring::record_key(secret));
    if (!sealed) throw Error(Code::corrupt, "the data key of " + asset + " is missing");
    co_return wrap(entry.grant, keyring_->open(secret, *sealed));
  }

  Task<> forget(std::string asset, std::string grantee) override {
    const Key key = grant_key(asset, grantee);
    const Records::Page grants = co_await records_->scan(grant_key(asset, ""), {}, 2);
    Batch batch;
    batch.erase(key);
    bool others = false;
    for (const Record& grant : grants.records) others = others || grant.key != key;
    if (!others) batch.erase(Keyring::record_key(secret_name(asset)));
    co_await records_->commit(std::move(batch));
  }

  Task<> revoke(std::string asset, std::string grantee) override {
    const Key key = grant_key(asset, grantee);
    for (;;) {
      auto stored = co_await records_->get(key);
      if (!stored) throw Error(Code::not_found, "no grant of " + asset + " to " + grantee);
      Entry entry = decode_entry(*stored);
      if (entry.revoked) co_return;
      entry.revoked = host_->clock().now();
      entry.wrapped.reset();
      Batch batch;
      batch.expect(key, std::move(*stored)).put(key, encode_entry(entry));
      try {
        co_await records_->commit(std::move(batch));
        co_return;
      } catch (const Error& error) {
        if (error.code() != Code::conflict) throw;
      }
    }
  }

 private:
  Task<Entry> load(const std::string& asset, const std::string& grantee) {
    if (const auto stored = co_await records_->get(grant_key(asset, grantee))) co_return decode_entry(*stored);
    const Records::Page others = co_await records_->scan(grant_key(asset, ""), {}, 1);
    if (others.records.empty()) throw Error(Code::not_found, "no asset " + asset + " here");
    throw Error(Code::forbidden, "no grant of this asset to " + grantee, "ask its owner to share it with you");
  }

  Bytes wrap(const Grant& grant, const Secret& data_key) const {
    return suite_->wrap(encryption_key(grant.grantee), grant.context(), data_key);
  }

  Bytes encryption_key(const std::string& grantee) const {
    const std::string suite(suite_->suite());
    const KeyBundle* keys = nullptr;
    std::optional<Peer> peer;
    if (grantee == identity_->node_id()) {
      keys = &identity_->card().keys;
    } else if ((peer = identity_->find_peer(grantee))) {
      keys = &peer->card.keys;
    }
    if (!keys) throw Error(Code::not_found, "no peer " + grantee, "add its card with `drawbridge peers add`");
    const auto found = keys->suites.find(suite);
    if (found == keys->suites.end()) {
      throw Error(Code::unsupported, "the grantee has no keys of the suite '" + suite + "'");
    }
    return found->second.encryption;
  }

  Ref<Records> records_;
  Ref<Keyring> keyring_;
  Ref<Identity> identity_;
  Ref<CipherSuite> suite_;
  Host* host_ = nullptr;
};

}  // namespace

DRAWBRIDGE_PLUGIN(OwnerKeeper, "keeper.owner", "0.1.0",
                  "The owner's node holds the keys of its assets and releases them by policy.")

}  // namespace drawbridge
