// A whole node over a storage that fails or returns damaged data: it may refuse, it may not lie or lose.
#include "sharing.h"

namespace drawbridge {
namespace {

using namespace test;

/// A node of its own whose blobs and records go through the layers named in `storages`, switched by a file.
class SpoiltStorage : public testing::Test {
 protected:
  void start(const std::string& layer, const std::string& records, const std::string& blobs) {
    folder_.write("password", "the master password\n");
    const auto file = [&](const char* name) { return (folder_ / name).string(); };
    node_ = support::start_node("node: {name: alice, data: " + file("data") +
                                "}\nstorage:\n  main: {plugin: storage.memory}\n  spoilt: {" + layer +
                                ", over: main}\nciphers: {suite: {plugin: cipher.fernet}}\nservices:\n" +
                                "  keyring: {plugin: service.keyring, records: main, key_file: " + file("keys.json") +
                                ", password_file: " + file("password") + "}\n" +
                                "  identity: {plugin: service.identity, records: main, addresses: []}\n" +
                                "  assets: {plugin: service.assets, records: " + records + ", blobs: " + blobs + "}\n" +
                                "transports: {transport: {plugin: transport.loopback}}\n" +
                                "chains: {ledger: {plugin: chain.local, records: main}}\n" +
                                "keepers: {keeper: {plugin: keeper.owner, records: main}}\n");
    assets_ = node_->find<Assets>("assets");
    id_ = node_->find<Identity>("identity")->node_id();
  }

  std::string share(const Bytes& content) {
    BufferSource source(content);
    return node_->wait(assets_->share({id_, {"a", "application/octet-stream"}, {}}, source)).asset;
  }
  Bytes open(const std::string& asset) {
    const auto opened = node_->wait(assets_->open(asset));
    Bytes out, part(100'000);
    while (const std::size_t got = node_->wait(opened->read(out.size(), part))) append(out, BytesView(part).first(got));
    return out;
  }

  support::TempDir folder_;
  std::unique_ptr<kernel::Node> node_;
  std::shared_ptr<Assets> assets_;
  std::string id_;
};

TEST_F(SpoiltStorage, DamagedEnvelopesDoNotOpen) {
  start("plugin: storage.corrupt, per_million: 400000, what: blobs, seed: 3", "main", "spoilt");
  const auto content = pattern(300'000);
  const auto asset = share(content);
  int opened = 0, refused = 0;
  for (int i = 0; i < 60; ++i) {
    try {
      const auto got = open(asset);
      EXPECT_TRUE(got == content) << "never another plaintext";
      ++opened;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::cannot_open) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(opened, 0);
}

TEST_F(SpoiltStorage, FailingStoragesLoseNoAcknowledgedShare) {
  start("plugin: storage.faulty, per_million: 50000, calls: writes, when: either, seed: 4", "spoilt", "spoilt");
  std::map<std::string, Bytes> shared;
  int refused = 0;
  for (unsigned i = 0; i < 60; ++i) {
    const auto content = pattern(1000 + i);
    try {
      shared[share(content)] = content;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::unavailable) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(shared.size(), 0U);
  for (const auto& [asset, content] : shared) EXPECT_TRUE(open(asset) == content) << asset;
}

}  // namespace
}  // namespace drawbridge
