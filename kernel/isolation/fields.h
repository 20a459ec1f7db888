#pragma once

#include "drawbridge/access.h"
#include "drawbridge/blobs.h"
#include "drawbridge/card.h"
#include "drawbridge/checkpoint.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/ed25519.h"
#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"
#include "drawbridge/keyring.h"
#include "drawbridge/ledger.h"
#include "drawbridge/log.h"
#include "drawbridge/options.h"
#include "drawbridge/records.h"
#include "drawbridge/transport.h"
#include "kernel/isolation/codec.h"

/// The structs of the facets, as they cross.
namespace drawbridge::kernel::isolation {

template <>
inline constexpr int last_of<Code> = static_cast<int>(Code::internal);
template <>
inline constexpr int last_of<Level> = static_cast<int>(Level::off);
template <>
inline constexpr int last_of<Health::State> = static_cast<int>(Health::State::failed);
template <>
inline constexpr int last_of<OptionSpec::Kind> = static_cast<int>(OptionSpec::Kind::component);

template <>
inline constexpr auto fields_of<Health> = std::tuple(&Health::state, &Health::detail);
template <>
inline constexpr auto fields_of<ComponentStatus> = std::tuple(&ComponentStatus::name, &ComponentStatus::plugin,
                                                              &ComponentStatus::version, &ComponentStatus::health);
template <>
inline constexpr auto fields_of<OptionSpec> = std::tuple(&OptionSpec::name, &OptionSpec::kind,
                                                         &OptionSpec::default_text, &OptionSpec::required,
                                                         &OptionSpec::bounds, &OptionSpec::doc, &OptionSpec::choices,
                                                         &OptionSpec::facet);

template <>
inline constexpr auto fields_of<Record> = std::tuple(&Record::key, &Record::value);
template <>
inline constexpr auto fields_of<Batch::Change> = std::tuple(&Batch::Change::key, &Batch::Change::value);
template <>
inline constexpr auto fields_of<Batch::Expectation> = std::tuple(&Batch::Expectation::key, &Batch::Expectation::value);
template <>
inline constexpr auto fields_of<Records::Page> = std::tuple(&Records::Page::records, &Records::Page::more);

template <>
inline constexpr auto fields_of<BlobInfo> = std::tuple(&BlobInfo::id, &BlobInfo::size);
template <>
inline constexpr auto fields_of<Blobs::Page> = std::tuple(&Blobs::Page::blobs, &Blobs::Page::more);

template <>
inline constexpr auto fields_of<KeyPair> = std::tuple(&KeyPair::public_key, &KeyPair::private_key);
template <>
inline constexpr auto fields_of<Algorithm> = std::tuple(&Algorithm::purpose, &Algorithm::name, &Algorithm::standard);

template <>
inline constexpr auto fields_of<EventDraft> = std::tuple(&EventDraft::type, &EventDraft::subject, &EventDraft::details);
template <>
inline constexpr auto fields_of<LedgerEvent> = std::tuple(&LedgerEvent::index, &LedgerEvent::type, &LedgerEvent::time,
                                                          &LedgerEvent::commitment, &LedgerEvent::salt,
                                                          &LedgerEvent::details, &LedgerEvent::entry,
                                                          &LedgerEvent::leaf);
template <>
inline constexpr auto fields_of<Checkpoint> = std::tuple(&Checkpoint::origin, &Checkpoint::size, &Checkpoint::root);
template <>
inline constexpr auto fields_of<Ledger::Page> = std::tuple(&Ledger::Page::events, &Ledger::Page::more);

template <>
inline constexpr auto fields_of<Grant> = std::tuple(&Grant::asset, &Grant::owner, &Grant::grantee, &Grant::policy,
                                                    &Grant::keeper, &Grant::created);

template <>
inline constexpr auto fields_of<LinkStatus> = std::tuple(&LinkStatus::node_id, &LinkStatus::address,
                                                         &LinkStatus::connected, &LinkStatus::since,
                                                         &LinkStatus::detail);

template <>
inline constexpr auto fields_of<SuiteKeys> = std::tuple(&SuiteKeys::encryption, &SuiteKeys::signature);
template <>
inline constexpr auto fields_of<KeyBundle> = std::tuple(&KeyBundle::node_key, &KeyBundle::suites);
template <>
inline constexpr auto fields_of<Card> = std::tuple(&Card::name, &Card::keys, &Card::addresses, &Card::issued,
                                                   &Card::node_signature, &Card::suite_signatures);
template <>
inline constexpr auto fields_of<Peer> = std::tuple(&Peer::card, &Peer::added);
template <>
inline constexpr auto fields_of<Ed25519Key> = std::tuple(&Ed25519Key::public_key, &Ed25519Key::seed);

template <>
inline constexpr auto fields_of<KeyVersion> = std::tuple(&KeyVersion::version, &KeyVersion::created,
                                                         &KeyVersion::current);
template <>
inline constexpr auto fields_of<Keyring::Rewrapped> = std::tuple(&Keyring::Rewrapped::records,
                                                                 &Keyring::Rewrapped::unused);

template <>
inline constexpr auto fields_of<ApiClient> = std::tuple(&ApiClient::id, &ApiClient::name, &ApiClient::scopes,
                                                        &ApiClient::created, &ApiClient::expires);
template <>
inline constexpr auto fields_of<Access::Created> = std::tuple(&Access::Created::client, &Access::Created::key);

}  // namespace drawbridge::kernel::isolation
