// keeper.example holds the keys of what this node shares, and logs every release; its contract is drawbridge/keeper.h.
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

class ExampleKeeper final : public Keeper {
 public:
  // What it uses of other components is declared here, so that `drawbridge check` can tell when one is missing.
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

  std::string_view keeper() const override { return "example"; }

  // Grant and key in one batch. A key without conditions is wrapped at once, and travels with the announcement.
  Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) override {
    Bytes wrapped = wrap(grant, data_key);
    const std::string secret = secret_name(grant.asset);
    const Key key = grant_key(grant.asset, grant.grantee);
    Batch batch;
    batch.expect_absent(key).put(key, encode(grant.cbor()));
    batch.put(Keyring::record_key(secret), keyring_->seal(secret, data_key));
    co_await records_->commit(std::move(batch));
    co_return grant.policy.conditional() ? std::nullopt : std::optional(std::move(wrapped));
  }

  // The policy is looked at anew each time.
  Task<Bytes> release(std::string asset, std::string grantee) override {
    const Grant grant = co_await find(asset, grantee);
    const auto result = grant.policy.evaluate({host_->clock().now(), grantee});
    if (result == Policy::Result::expired) throw Error(Code::gone, "the grant has expired");
    if (result != Policy::Result::holds) throw Error(Code::forbidden, "the policy does not hold");
    const auto sealed = co_await records_->get(Keyring::record_key(secret_name(asset)));
    if (!sealed) throw Error(Code::corrupt, "the data key of " + asset + " is missing");
    host_->log().info("releases the key of {} to {}", asset, grantee);
    co_return wrap(grant, keyring_->open(secret_name(asset), *sealed));
  }

  Task<> revoke(std::string asset, std::string grantee) override {
    const Key key = grant_key(asset, grantee);
    const auto stored = co_await records_->get(key);
    if (!stored) throw Error(Code::not_found, "no grant of " + asset + " to " + grantee);
    Batch batch;
    batch.put(key, revoked);
    co_await records_->commit(std::move(batch));
  }

 private:
  inline static const Bytes revoked{0xf6};  // CBOR's null, where a grant was

  static Key grant_key(const Key& asset, const Key& grantee) { return "example/" + asset + "/" + grantee; }
  static std::string secret_name(const std::string& asset) { return "example/" + asset; }

  Task<Grant> find(std::string asset, std::string grantee) {
    const auto stored = co_await records_->get(grant_key(asset, grantee));
    if (stored && *stored == revoked) throw Error(Code::gone, "the grant was revoked");
    if (stored) co_return Grant::from(decode_cbor(*stored));
    const Records::Page others = co_await records_->scan(grant_key(asset, ""), {}, 1);
    if (others.records.empty()) throw Error(Code::not_found, "no asset " + asset + " here");
    throw Error(Code::forbidden, "no grant of this asset to " + grantee);
  }

  Bytes wrap(const Grant& grant, const Secret& data_key) const {
    const auto peer = identity_->find_peer(grant.grantee);
    const KeyBundle& keys = peer ? peer->card.keys : identity_->card().keys;
    const auto found = keys.suites.find(std::string(suite_->suite()));
    if ((!peer && grant.grantee != identity_->node_id()) || found == keys.suites.end())
      throw Error(Code::not_found, "no peer " + grant.grantee + " with keys of this suite", "add its card first");
    return suite_->wrap(found->second.encryption, grant.context(), data_key);
  }

  Ref<Records> records_;
  Ref<Keyring> keyring_;
  Ref<Identity> identity_;
  Ref<CipherSuite> suite_;
  Host* host_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::ExampleKeeper, "keeper.example", "0.1.0",
                  "Holds the keys of what this node shares, and logs every release.")
