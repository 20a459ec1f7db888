#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "drawbridge/access.h"
#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"
#include "drawbridge/keyring.h"
#include "drawbridge/ledger.h"
#include "drawbridge/transport.h"
#include "plugins/storage.h"
#include "support/node.h"

namespace drawbridge::test {

/// The system's time, which a test may put forward.
class ForwardClock final : public Clock {
 public:
  Timestamp now() const override;
  void advance(Milliseconds by) { ahead_ += by.count(); }

 private:
  std::atomic<std::int64_t> ahead_ = 0;
};
ForwardClock& test_clock();

/// A node with every service, whose storage survives its stops.
class TestNode {
 public:
  /// `assets`: further options of service.assets, after a comma.
  explicit TestNode(std::string name, std::string assets = {});
  ~TestNode();

  void start(const std::vector<std::string>& only = {});
  void stop();
  void restart();

  template <class Facet>
  std::shared_ptr<Facet> find(const std::string& component) const {
    auto facet = node_ ? node_->find<Facet>(component) : nullptr;
    if (!facet) throw std::logic_error("no " + component);
    return facet;
  }
  template <class T>
  T wait(Task<T> task) const {
    return node_->wait(std::move(task));
  }

  std::shared_ptr<Records> records() const { return find<Records>("main"); }
  std::shared_ptr<Backdoor> backdoor() const { return find<Backdoor>("main"); }
  std::shared_ptr<CipherSuite> suite() const { return find<CipherSuite>("suite"); }
  std::shared_ptr<Keyring> keyring() const { return find<Keyring>("keyring"); }
  std::shared_ptr<Identity> identity() const { return find<Identity>("identity"); }
  std::shared_ptr<Access> access() const { return find<Access>("access"); }
  std::shared_ptr<Keeper> keeper() const { return find<Keeper>("keeper"); }
  std::shared_ptr<Ledger> ledger() const { return find<Ledger>("ledger"); }
  std::shared_ptr<Transport> transport() const { return find<Transport>("transport"); }
  std::shared_ptr<Assets> assets() const { return find<Assets>("assets"); }

  /// Also while it is stopped, once it was asked for.
  const std::string& id() const {
    if (id_.empty()) id_ = identity()->node_id();
    return id_;
  }
  std::filesystem::path folder() const { return dir_.path(); }
  std::filesystem::path key_file() const { return dir_ / "keys.json"; }
  std::filesystem::path password_file() const { return dir_ / "password"; }

  /// What the configuration says; may be changed while the node is stopped.
  std::string name;
  std::string addresses = "[]";

 private:
  std::string yaml() const;

  support::TempDir dir_;
  std::string store_;
  std::string assets_;
  std::unique_ptr<kernel::Node> node_;
  mutable std::string id_;
};

/// Three nodes that know each other, made once for the program because their keys take seconds. A test leaves them
/// running.
struct Nodes {
  TestNode alice{"alice"};
  TestNode bob{"bob"};
  TestNode mallory{"mallory"};
};
Nodes& nodes();

/// Runs `action`, which must throw an Error of this code; returns its message.
std::string expect_throws(Code code, const std::function<void()>& action, const std::string& what = {});

/// Waits until something holds that happens in the background; fails the test after a long time.
void eventually(const std::function<bool()>& holds, const std::string& what);

/// Bytes that differ from place to place.
Bytes pattern(std::size_t size);

}  // namespace drawbridge::test
