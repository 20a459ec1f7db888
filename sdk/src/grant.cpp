#include "drawbridge/error.h"
#include "drawbridge/hash.h"
#include "drawbridge/keeper.h"

namespace drawbridge {

Cbor Grant::cbor() const {
  return CborMap{{"asset", asset},          {"owner", owner},   {"grantee", grantee},
                 {"policy", policy.cbor()}, {"keeper", keeper}, {"created", unix_ms(created)}};
}

Grant Grant::from(const Cbor& cbor) {
  Grant grant;
  grant.asset = cbor.at("asset").text();
  grant.owner = cbor.at("owner").text();
  grant.grantee = cbor.at("grantee").text();
  grant.policy = Policy::from(cbor.at("policy"));
  grant.keeper = cbor.at("keeper").text();
  grant.created = from_unix_ms(cbor.at("created").integer());
  return grant;
}

Bytes Grant::context() const {
  const Digest policy_hash = sha256(encode(policy.cbor()));
  return encode(CborArray{"drawbridge.wrapped-key/1", asset, owner, grantee, BytesView(policy_hash)});
}

}  // namespace drawbridge
