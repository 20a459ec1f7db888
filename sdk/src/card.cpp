#include "drawbridge/card.h"

#include "drawbridge/ed25519.h"
#include "drawbridge/error.h"
#include "drawbridge/hash.h"

namespace drawbridge {
namespace {

constexpr std::string_view format_name = "drawbridge.card/1";
constexpr std::string_view begin_line = "-----BEGIN DRAWBRIDGE CARD-----\n";
constexpr std::string_view end_line = "-----END DRAWBRIDGE CARD-----\n";
constexpr std::size_t max_card_bytes = 64 * 1024;
constexpr std::size_t base64_line = 64;
constexpr std::size_t max_suites = 8;
constexpr std::size_t max_addresses = 16;
constexpr std::size_t max_address_bytes = 256;
constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t shortest_beginning = 8;  // digits of an id that are enough to find its node

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Code::invalid, "card: " + message, "ask its owner for the output of `drawbridge id --card`");
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > max_name_bytes) return false;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!fine) return false;
  }
  // Peers are found by name and by the beginning of their id: nobody may be called like the beginning of another's id.
  constexpr std::string_view id_prefix = "node_";
  return !text.starts_with(id_prefix) || text.size() < id_prefix.size() + shortest_beginning ||
         text.find_first_not_of("0123456789abcdef", id_prefix.size()) != std::string_view::npos;
}

Cbor body(const Card& card) {
  CborArray addresses;
  for (const auto& address : card.addresses) addresses.emplace_back(address);
  return CborMap{{"format", format_name},
                 {"name", card.name},
                 {"keys", card.keys.cbor()},
                 {"addresses", std::move(addresses)},
                 {"issued", unix_ms(card.issued)}};
}

Card from_cbor(const Cbor& cbor) {
  const Cbor& signed_part = cbor.at("card");
  if (signed_part.at("format").text() != format_name)
    refuse("unknown format '" + signed_part.at("format").text() + "'");
  Card card;
  card.name = signed_part.at("name").text();
  card.keys = KeyBundle::from(signed_part.at("keys"));
  for (const auto& address : signed_part.at("addresses").array()) card.addresses.push_back(address.text());
  card.issued = from_unix_ms(signed_part.at("issued").integer());
  card.node_signature = cbor.at("node_signature").bytes();
  for (const auto& [suite, signature] : cbor.at("suite_signatures").map()) {
    card.suite_signatures.emplace(suite, signature.bytes());
  }
  if (!is_name(card.name)) refuse("its name is not 1 to 64 of a-z, 0-9, '-', '_', '.', or looks like a node id");
  if (card.addresses.size() > max_addresses) refuse("too many addresses");
  for (const auto& address : card.addresses) {
    if (address.empty() || address.size() > max_address_bytes) refuse("a bad address");
  }
  // What is not part of a card, or is in another order, would be dropped in silence otherwise.
  if (body(card) != signed_part || cbor.map().size() != 3) refuse("unknown fields");
  return card;
}

}  // namespace

Cbor KeyBundle::cbor() const {
  CborMap by_suite;
  for (const auto& [name, keys] : suites) {
    by_suite.emplace(name, CborMap{{"encryption", keys.encryption}, {"signature", keys.signature}});
  }
  return CborMap{{"node", node_key}, {"suites", std::move(by_suite)}};
}

KeyBundle KeyBundle::from(const Cbor& cbor) {
  KeyBundle bundle;
  bundle.node_key = cbor.at("node").bytes();
  if (bundle.node_key.size() != 32) refuse("a node key has 32 bytes");
  for (const auto& [name, keys] : cbor.at("suites").map()) {
    bundle.suites.emplace(name, SuiteKeys{keys.at("encryption").bytes(), keys.at("signature").bytes()});
  }
  if (bundle.suites.empty() || bundle.suites.size() > max_suites) refuse("it has keys of no suite, or of too many");
  return bundle;
}

std::string KeyBundle::node_id() const {
  return "node_" + to_hex(sha256(encode(cbor())));
}

Bytes Card::signed_bytes() const {
  return encode(body(*this));
}

std::string format_card(const Card& card) {
  CborMap signatures;
  for (const auto& [suite, signature] : card.suite_signatures) signatures.emplace(suite, signature);
  const std::string text = to_base64(encode(CborMap{
      {"card", body(card)}, {"node_signature", card.node_signature}, {"suite_signatures", std::move(signatures)}}));
  std::string out(begin_line);
  for (std::size_t at = 0; at < text.size(); at += base64_line) out += text.substr(at, base64_line) + "\n";
  return out.append(end_line);
}

Card parse_card(std::string_view text) {
  if (text.size() > max_card_bytes) refuse("larger than 64KiB");
  std::string plain;
  for (const char c : text) {
    if (c != '\r') plain += c;
  }
  if (!plain.empty() && plain.back() != '\n') plain += '\n';
  const auto begin = plain.find(begin_line);
  const auto end = plain.find(end_line);
  if (begin == std::string::npos || end == std::string::npos || end < begin + begin_line.size()) {
    refuse("no BEGIN and END line");
  }
  std::string base64;
  for (std::size_t at = begin + begin_line.size(); at < end; ++at) {
    if (plain[at] != '\n') base64 += plain[at];
  }
  const auto bytes = from_base64(base64);
  if (!bytes) refuse("not base64");
  Card card = from_cbor(decode_cbor(*bytes));
  if (!ed25519_verify(card.keys.node_key, card.signed_bytes(), card.node_signature)) {
    throw Error(Code::forbidden, "card: the node key's signature does not hold",
                "the card was changed or forged; obtain it again from its owner");
  }
  return card;
}

void verify_card(const Card& card, const CipherSuite& suite) {
  const std::string name(suite.suite());
  const auto keys = card.keys.suites.find(name);
  const auto signature = card.suite_signatures.find(name);
  if (keys == card.keys.suites.end() || signature == card.suite_signatures.end()) {
    throw Error(Code::unsupported, "card: '" + card.name + "' has no keys of the suite '" + name + "'",
                "both nodes need a suite in common");
  }
  if (!suite.verify(keys->second.signature, card.signed_bytes(), signature->second)) {
    throw Error(Code::forbidden, "card: the signature of the suite '" + name + "' does not hold",
                "the card was changed or forged; obtain it again from its owner");
  }
}

bool is_node_id(std::string_view text) {
  constexpr std::string_view prefix = "node_";
  if (text.size() != prefix.size() + 64 || text.substr(0, prefix.size()) != prefix) return false;
  return text.substr(prefix.size()).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace drawbridge
