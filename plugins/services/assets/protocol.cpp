#include "protocol.h"

#include "drawbridge/checkpoint.h"
#include "drawbridge/hash.h"

namespace drawbridge {
namespace {

constexpr std::string_view format_name = "drawbridge.announcement/1";

bool says(const Cbor& details, const std::map<std::string, std::string>& wanted) {
  for (const auto& [name, text] : wanted) {
    const Cbor* found = details.find(name);
    if (!found || *found != Cbor(text)) return false;
  }
  return true;
}

}  // namespace

std::map<std::string, std::string> shared_details(const Grant& grant) {
  return {{"asset", grant.asset},
          {"owner", grant.owner},
          {"grantee", grant.grantee},
          {"keeper", grant.keeper},
          {"policy", to_hex(sha256(encode(grant.policy.cbor())))}};
}

Bytes sign_announcement(const Announcement& announcement, const Identity& identity) {
  CborMap body{{"format", format_name},
               {"grant", announcement.grant.cbor()},
               {"suite", announcement.suite},
               {"envelope_size", announcement.envelope_size},
               {"proof", announcement.proof}};
  if (announcement.wrapped) body.emplace("wrapped", *announcement.wrapped);
  Bytes encoded = encode(body);
  Bytes signature = identity.sign(encoded);
  return encode(CborMap{{"body", std::move(encoded)}, {"signature", std::move(signature)}});
}

std::string claimed_owner(BytesView bytes) {
  return decode_cbor(decode_cbor(bytes).at("body").bytes()).at("grant").at("owner").text();
}

Announcement open_announcement(BytesView bytes, const Card& owner, const CipherSuite& suite) {
  const Cbor outer = decode_cbor(bytes);
  const Bytes& encoded = outer.at("body").bytes();
  const auto keys = owner.keys.suites.find(std::string(suite.suite()));
  if (keys == owner.keys.suites.end() ||
      !suite.verify(keys->second.signature, encoded, outer.at("signature").bytes())) {
    throw Error(Code::forbidden, "the announcement's signature does not hold");
  }
  const Cbor body = decode_cbor(encoded);
  if (body.at("format").text() != format_name) throw Error(Code::invalid, "unknown announcement format");
  Announcement out;
  out.grant = Grant::from(body.at("grant"));
  out.suite = body.at("suite").text();
  out.envelope_size = body.at("envelope_size").unsigned_integer();
  out.proof = body.at("proof").text();
  if (const Cbor* wrapped = body.find("wrapped")) out.wrapped = wrapped->bytes();
  if (out.suite != suite.suite()) {
    throw Error(Code::unsupported, "the announcement is of the suite '" + out.suite + "', this node has '" +
                                       std::string(suite.suite()) + "'");
  }
  if (out.grant.owner != owner.node_id()) throw Error(Code::forbidden, "the announcement is of another owner");
  // The proof is evidence for later, against its signer: accept none that would not hold.
  const CheckedProof proof = check_event_proof(out.proof, out.grant.owner, owner.keys.node_key);
  const Cbor details = proof.event.details.empty() ? Cbor(CborMap{}) : decode_cbor(proof.event.details);
  if (proof.event.type != "shared" || !says(details, shared_details(out.grant))) {
    throw Error(Code::forbidden, "the announcement's proof is of another event");
  }
  return out;
}

Bytes encode_message(const AssetsMessage& message) {
  CborMap map{{"op", message.op}};
  if (!message.asset.empty()) map.emplace("asset", message.asset);
  if (!message.announcement.empty()) map.emplace("announcement", message.announcement);
  return encode(map);
}

AssetsMessage decode_message(BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  AssetsMessage message;
  message.op = cbor.at("op").text();
  if (message.op == "announce") {
    message.announcement = cbor.at("announcement").bytes();
  } else {
    message.asset = cbor.at("asset").text();
  }
  return message;
}

Bytes encode_released(const Released& released) {
  return encode(CborMap{{"announcement", released.announcement}, {"wrapped", released.wrapped}});
}

Released decode_released(BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  return {cbor.at("announcement").bytes(), cbor.at("wrapped").bytes()};
}

}  // namespace drawbridge
