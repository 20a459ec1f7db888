#pragma once

#include <array>
#include <map>
#include <mutex>

#include "kernel/isolation/interfaces.h"

/// The facets of a component in another process. The same on both sides: a node calls its isolated component through
/// them, and an isolated component calls what it uses.
namespace drawbridge::kernel::isolation {

template <class Facet>
class Proxy;

/// A value that never changes while its owner runs, asked for once.
template <class T>
class Once {
 public:
  template <class Ask>
  const T& get(Ask ask) const {
    const std::lock_guard lock(mutex_);
    if (!value_) value_.emplace(ask());
    return *value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::optional<T> value_;
};

template <>
class Proxy<Records> : public Records {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  Task<std::optional<Bytes>> get(Key key) override { return remote<&Records::get>(remote_, std::move(key)); }
  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    return remote<&Records::scan>(remote_, std::move(prefix), std::move(after), limit);
  }
  Task<> commit(Batch batch) override;

 private:
  Remote remote_;
};

template <>
class Proxy<Blobs> : public Blobs {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  Task<std::unique_ptr<BlobWriter>> create() override { return remote<&Blobs::create>(remote_); }
  Task<std::optional<BlobInfo>> stat(std::string id) override { return remote<&Blobs::stat>(remote_, std::move(id)); }
  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override;
  Task<bool> erase(std::string id) override { return remote<&Blobs::erase>(remote_, std::move(id)); }
  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    return remote<&Blobs::list>(remote_, std::move(after), limit);
  }

 private:
  Remote remote_;
};

template <>
class Proxy<CipherSuite> : public CipherSuite {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  std::string_view suite() const override {
    return suite_.get([&] { return call<&own_suite>(remote_); });
  }
  std::vector<Algorithm> algorithms() const override { return call<&CipherSuite::algorithms>(remote_); }
  std::string_view address_prefix() const override {
    return prefix_.get([&] { return call<&own_prefix>(remote_); });
  }
  std::unique_ptr<Hasher> hasher() const override { return call<&CipherSuite::hasher>(remote_); }
  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& data_key, BytesView header) const override {
    return call<&CipherSuite::chunk_cipher>(remote_, data_key, header);
  }
  Bytes seal_small(const Secret& key, BytesView context, BytesView plain) const override {
    return call<&CipherSuite::seal_small>(remote_, key, context, plain);
  }
  Secret open_small(const Secret& key, BytesView context, BytesView sealed) const override {
    return call<&CipherSuite::open_small>(remote_, key, context, sealed);
  }
  KeyPair generate_encryption_keys() const override { return call<&CipherSuite::generate_encryption_keys>(remote_); }
  Bytes wrap(BytesView public_key, BytesView context, const Secret& data_key) const override {
    return call<&CipherSuite::wrap>(remote_, public_key, context, data_key);
  }
  Secret unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const override {
    return call<&CipherSuite::unwrap>(remote_, private_key, context, wrapped);
  }
  KeyPair generate_signature_keys() const override { return call<&CipherSuite::generate_signature_keys>(remote_); }
  Bytes sign(const Secret& private_key, BytesView message) const override {
    return call<&CipherSuite::sign>(remote_, private_key, message);
  }
  bool verify(BytesView public_key, BytesView message, BytesView signature) const override {
    return call<&CipherSuite::verify>(remote_, public_key, message, signature);
  }
  std::string password_parameters() const override { return call<&CipherSuite::password_parameters>(remote_); }
  Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const override {
    return call<&CipherSuite::derive>(remote_, password, salt, parameters);
  }

 private:
  Remote remote_;
  Once<std::string> suite_;
  Once<std::string> prefix_;
};

template <>
class Proxy<Ledger> : public Ledger {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  Task<LedgerEvent> append(EventDraft draft) override { return remote<&Ledger::append>(remote_, std::move(draft)); }
  Task<std::string> checkpoint() override { return remote<&Ledger::checkpoint>(remote_); }
  Task<Checkpoint> head() override { return remote<&Ledger::head>(remote_); }
  Task<std::optional<LedgerEvent>> event(std::uint64_t index) override {
    return remote<&Ledger::event>(remote_, index);
  }
  Task<Ledger::Page> events(std::uint64_t from, std::size_t limit) override {
    return remote<&Ledger::events>(remote_, from, limit);
  }
  Task<std::vector<LedgerEvent>> find(std::string subject) override {
    return remote<&Ledger::find>(remote_, std::move(subject));
  }
  Task<std::string> proof(std::uint64_t index, bool with_opening) override {
    return remote<&Ledger::proof>(remote_, index, with_opening);
  }
  Task<std::vector<Digest>> consistency(std::uint64_t size1, std::uint64_t size2) override {
    return remote<&Ledger::consistency>(remote_, size1, size2);
  }
  Task<Checkpoint> audit() override { return remote<&Ledger::audit>(remote_); }

 private:
  Remote remote_;
};

template <>
class Proxy<Keeper> : public Keeper {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  std::string_view keeper() const override {
    return kind_.get([&] { return call<&own_kind>(remote_); });
  }
  Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) override {
    return remote<&Keeper::entrust>(remote_, std::move(grant), std::move(data_key));
  }
  Task<Bytes> release(std::string asset, std::string grantee) override {
    return remote<&Keeper::release>(remote_, std::move(asset), std::move(grantee));
  }
  Task<> revoke(std::string asset, std::string grantee) override {
    return remote<&Keeper::revoke>(remote_, std::move(asset), std::move(grantee));
  }

 private:
  Remote remote_;
  Once<std::string> kind_;
};

/// Remembers what it serves, for a process that comes back.
template <>
class Proxy<Transport> : public Transport {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  void serve(std::string protocol, Handler handler) override;
  void withdraw(const std::string& protocol) override;
  Task<std::unique_ptr<Stream>> open(std::string node_id, std::string protocol) override {
    return remote<&Transport::open>(remote_, std::move(node_id), std::move(protocol));
  }
  std::vector<LinkStatus> links() const override { return call<&Transport::links>(remote_); }

  /// Serves in a new process what was served in the last one.
  void serve_again(const std::shared_ptr<Link>& link);

 private:
  void serve_on(const std::shared_ptr<Link>& link, const std::string& protocol, Handler handler);

  Remote remote_;
  std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
};

template <>
class Proxy<Identity> : public Identity {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  const Card& card() const override {
    return card_.get([&] { return call<&Identity::card>(remote_); });
  }
  const std::string& node_id() const override {
    return id_.get([&] { return call<&Identity::node_id>(remote_); });
  }
  const Ed25519Key& node_key() const override {
    return node_key_.get([&] { return call<&Identity::node_key>(remote_); });
  }
  Bytes sign(BytesView message) const override { return call<&Identity::sign>(remote_, message); }
  Secret unwrap(BytesView context, BytesView wrapped) const override {
    return call<&Identity::unwrap>(remote_, context, wrapped);
  }
  Task<Peer> add_peer(Card card) override { return remote<&Identity::add_peer>(remote_, std::move(card)); }
  Task<bool> remove_peer(std::string node_id) override {
    return remote<&Identity::remove_peer>(remote_, std::move(node_id));
  }
  std::vector<Peer> peers() const override { return call<&Identity::peers>(remote_); }
  std::optional<Peer> find_peer(std::string_view who) const override {
    return call<&Identity::find_peer>(remote_, who);
  }
  std::optional<Peer> peer_with_node_key(BytesView node_key) const override {
    return call<&Identity::peer_with_node_key>(remote_, node_key);
  }

 private:
  Remote remote_;
  Once<Card> card_;
  Once<std::string> id_;
  Once<Ed25519Key> node_key_;
};

template <>
class Proxy<Keyring> : public Keyring {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  Bytes seal(std::string_view name, const Secret& secret) const override {
    return call<&Keyring::seal>(remote_, name, secret);
  }
  Secret open(std::string_view name, BytesView sealed) const override {
    return call<&Keyring::open>(remote_, name, sealed);
  }
  std::uint32_t current_version() const override { return call<&Keyring::current_version>(remote_); }
  std::vector<KeyVersion> versions() const override { return call<&Keyring::versions>(remote_); }
  Task<std::uint32_t> rotate() override { return remote<&Keyring::rotate>(remote_); }
  Task<Rewrapped> rewrap(std::function<void(std::uint64_t, std::uint64_t)> progress) override;

 private:
  Remote remote_;
};

template <>
class Proxy<Access> : public Access {
 public:
  explicit Proxy(Remote remote) : remote_(std::move(remote)) {}
  std::optional<ApiClient> check(std::string_view presented) const override {
    return call<&Access::check>(remote_, presented);
  }
  Task<Created> create(std::string name, std::vector<std::string> scopes, std::optional<Timestamp> expires) override {
    return remote<&Access::create>(remote_, std::move(name), std::move(scopes), expires);
  }
  Task<bool> revoke(std::string id) override { return remote<&Access::revoke>(remote_, std::move(id)); }
  std::vector<ApiClient> list() const override { return call<&Access::list>(remote_); }

 private:
  Remote remote_;
};

}  // namespace drawbridge::kernel::isolation
