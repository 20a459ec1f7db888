#pragma once

#include "kernel/isolation/methods.h"

/// Which methods of which interfaces cross, each as a line. Numbers are of this build only: both sides are of one
/// build.
namespace drawbridge::kernel::isolation {

/// Serves the streams of one protocol: how a transport in one process calls a handler in the other.
struct StreamHandler {
  Transport::Handler run;
};
/// Is told how a rewrap goes on.
struct Progress {
  std::function<void(std::uint64_t, std::uint64_t)> tell;
};

// Members whose types cannot cross, as functions of what can. Definitions are in interfaces.cpp.
Task<Bytes> read_piece(Blobs& blobs, std::string id, std::uint64_t offset, std::uint64_t size);
Bytes seal_chunk(const ChunkCipher& cipher, std::uint64_t index, bool last, BytesView plain);
std::optional<Bytes> open_chunk(const ChunkCipher& cipher, std::uint64_t index, bool last, BytesView sealed);
void serve_streams(Link& link, Transport& transport, std::string protocol, std::uint64_t handler);
void withdraw_streams(Transport& transport, std::string protocol);
Task<> handle_stream(Link& link, StreamHandler& handler, std::uint64_t stream, std::string peer);
Task<Keyring::Rewrapped> rewrap_all(Link& link, Keyring& keyring, std::uint64_t progress);
Task<> tell_progress(Progress& progress, std::uint64_t done, std::uint64_t seen);
std::string own_suite(const CipherSuite& suite);
std::string own_prefix(const CipherSuite& suite);
std::string own_kind(const Keeper& keeper);

template <>
struct Interface<Records> {
  static constexpr std::uint8_t number = 3;
  using List = Methods<&Records::get, &Records::scan, &Records::commit>;
};
template <>
struct Interface<Blobs> {
  static constexpr std::uint8_t number = 4;
  using List = Methods<&Blobs::create, &Blobs::stat, &read_piece, &Blobs::erase, &Blobs::list>;
};
template <>
struct Interface<BlobWriter> {
  static constexpr std::uint8_t number = 5;
  using List = Methods<&BlobWriter::write, &BlobWriter::commit>;
};
template <>
struct Interface<CipherSuite> {
  static constexpr std::uint8_t number = 6;
  using List =
      Methods<&own_suite, &CipherSuite::algorithms, &own_prefix, &CipherSuite::hasher, &CipherSuite::chunk_cipher,
              &CipherSuite::seal_small, &CipherSuite::open_small, &CipherSuite::generate_encryption_keys,
              &CipherSuite::wrap, &CipherSuite::unwrap, &CipherSuite::generate_signature_keys, &CipherSuite::sign,
              &CipherSuite::verify, &CipherSuite::password_parameters, &CipherSuite::derive>;
};
template <>
struct Interface<Hasher> {
  static constexpr std::uint8_t number = 7;
  using List = Methods<&Hasher::update, &Hasher::finish>;
};
template <>
struct Interface<ChunkCipher> {
  static constexpr std::uint8_t number = 8;
  using List = Methods<&ChunkCipher::sealed_size, &seal_chunk, &open_chunk, &ChunkCipher::portable_key>;
};
template <>
struct Interface<Ledger> {
  static constexpr std::uint8_t number = 9;
  using List = Methods<&Ledger::append, &Ledger::checkpoint, &Ledger::head, &Ledger::event, &Ledger::events,
                       &Ledger::find, &Ledger::proof, &Ledger::consistency, &Ledger::audit>;
};
template <>
struct Interface<Keeper> {
  static constexpr std::uint8_t number = 10;
  using List = Methods<&own_kind, &Keeper::entrust, &Keeper::release, &Keeper::revoke>;
};
template <>
struct Interface<Transport> {
  static constexpr std::uint8_t number = 11;
  using List = Methods<&serve_streams, &withdraw_streams, &Transport::open, &Transport::links>;
};
template <>
struct Interface<Stream> {
  static constexpr std::uint8_t number = 12;
  using List = Methods<&Stream::send, &Stream::receive, &Stream::finish>;
};
template <>
struct Interface<StreamHandler> {
  static constexpr std::uint8_t number = 13;
  using List = Methods<&handle_stream>;
};
template <>
struct Interface<Identity> {
  static constexpr std::uint8_t number = 14;
  using List = Methods<&Identity::card, &Identity::node_id, &Identity::node_key, &Identity::sign, &Identity::unwrap,
                       &Identity::add_peer, &Identity::remove_peer, &Identity::peers, &Identity::find_peer,
                       &Identity::peer_with_node_key>;
};
template <>
struct Interface<Keyring> {
  static constexpr std::uint8_t number = 15;
  using List = Methods<&Keyring::seal, &Keyring::open, &Keyring::current_version, &Keyring::versions, &Keyring::rotate,
                       &rewrap_all>;
};
template <>
struct Interface<Progress> {
  static constexpr std::uint8_t number = 16;
  using List = Methods<&tell_progress>;
};
template <>
struct Interface<Access> {
  static constexpr std::uint8_t number = 17;
  using List = Methods<&Access::check, &Access::create, &Access::revoke, &Access::list>;
};

template <>
inline constexpr bool is_limited<&Stream::send> = false;
template <>
inline constexpr bool is_limited<&Stream::receive> = false;
template <>
inline constexpr bool is_limited<&handle_stream> = false;
template <>
inline constexpr bool is_limited<&Ledger::audit> = false;
template <>
inline constexpr bool is_limited<&rewrap_all> = false;

}  // namespace drawbridge::kernel::isolation
