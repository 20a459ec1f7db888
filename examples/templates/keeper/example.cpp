// keeper.example releases a key to a grantee once, and never again. What a keeper promises stands in
// drawbridge/keeper.h.
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

  // Returns nothing that could travel with the announcement: every release is decided here.
  Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) override {
    public_key(grant.grantee);
    const Key key = grant_key(grant.asset, grant.grantee);
    const std::string secret = secret_name(grant.asset);
    Batch batch;
    batch.expect_absent(key).put(key, encode(grant.cbor()));
    batch.put(Keyring::record_key(secret), keyring_->seal(secret, data_key));
    co_await records_->commit(std::move(batch));
    co_return std::nullopt;
  }

  Task<Bytes> release(std::string asset, std::string grantee) override {
    const Key key = grant_key(asset, grantee);
    const auto stored = co_await records_->get(key);
    if (!stored) throw Error(Code::forbidden, "no grant of this asset to " + grantee);
    if (*stored == over) throw Error(Code::gone, "the key was released already, or the grant was revoked");
    const Grant grant = Grant::from(decode_cbor(*stored));
    if (grant.policy.evaluate({host_->clock().now(), grantee}) != Policy::Result::holds)
      throw Error(Code::forbidden, "the policy does not hold");
    const auto sealed = co_await records_->get(Keyring::record_key(secret_name(asset)));
    if (!sealed) throw Error(Code::corrupt, "the data key of " + asset + " is missing");
    Bytes wrapped = suite_->wrap(public_key(grantee), grant.context(), keyring_->open(secret_name(asset), *sealed));
    Batch batch;  // of two releases at the same time one throws conflict
    batch.expect(key, *stored).put(key, over);
    co_await records_->commit(std::move(batch));
    co_return wrapped;
  }

  Task<> revoke(std::string asset, std::string grantee) override {
    const Key key = grant_key(asset, grantee);
    const auto stored = co_await records_->get(key);
    if (!stored) throw Error(Code::not_found, "no grant of " + asset + " to " + grantee);
    Batch batch;
    batch.put(key, over);
    co_await records_->commit(std::move(batch));
  }

 private:
  inline static const Bytes over{0xf6};  // CBOR's null, where a grant was

  static Key grant_key(const std::string& asset, const std::string& grantee) {
    return "example/" + asset + "/" + grantee;
  }
  static std::string secret_name(const std::string& asset) { return "example/" + asset; }

  Bytes public_key(const std::string& grantee) const {
    const auto peer = identity_->find_peer(grantee);
    const KeyBundle& keys = peer ? peer->card.keys : identity_->card().keys;
    const auto found = keys.suites.find(std::string(suite_->suite()));
    if ((!peer && grantee != identity_->node_id()) || found == keys.suites.end())
      throw Error(Code::not_found, "no peer " + grantee + " with keys of this suite", "add its card first");
    return found->second.encryption;
  }

  Ref<Records> records_;
  Ref<Keyring> keyring_;
  Ref<Identity> identity_;
  Ref<CipherSuite> suite_;
  Host* host_ = nullptr;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::ExampleKeeper, "keeper.example", "0.1.0", "Releases each key once.")
