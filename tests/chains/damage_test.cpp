// Whatever is changed behind the ledger's back is noticed and named.
#include <gtest/gtest.h>

#include "fixture.h"

namespace drawbridge::test {
namespace {

using Content = std::map<Key, Bytes>;

std::string hex16(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}
Key tile(unsigned level, std::uint64_t index) {
  return "ledger/tile/0" + std::to_string(level) + "/" + hex16(index);
}
Key entry(std::uint64_t index) {
  return "ledger/entry/" + hex16(index);
}
Key opening(std::uint64_t index) {
  return "ledger/opening/" + hex16(index);
}

/// A log of 600 events on a storage of its own, two full tiles and an edge, and what is stored of it.
class LocalLedgerDamage : public testing::Test {
 protected:
  void SetUp() override {
    store_ = fresh_store();
    const auto node = ledger_node(test_storage(store_));
    append_events(*node, 590);
    older_ = node->find<Faults>("main")->content();
    append_events(*node, 10);
    good_ = node->find<Faults>("main")->content();
    node->stop();
    put_back(good_);
  }

  void put_back(Content content) { holder()->set_content(std::move(content)); }

  /// Changes what is stored while no ledger runs.
  void change(const std::function<void(Content&)>& how) {
    Content content = good_;
    how(content);
    put_back(std::move(content));
  }
  void flip(const Key& key, std::size_t byte) {
    change([&](Content& content) { content.at(key).at(byte) ^= 1; });
  }

  void expect_no_start(const std::string& part) {
    const Error error = thrown_by([&] { ledger_node(test_storage(store_)); });
    EXPECT_EQ(name(error.code()), "corrupt") << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << "expected '" << part << "' in " << error.what();
    EXPECT_NE(error.hint().find("backup"), std::string::npos) << error.hint();
  }

  using Action = std::function<void(kernel::Node&, Ledger&)>;
  /// The node starts, and the action says corrupt with this part; from then on nothing is appended.
  void expect_noticed(const std::string& part, const Action& action) {
    const auto node = ledger_node(test_storage(store_));
    const auto ledger = node->find<Ledger>("ledger");
    expect_throws(Code::corrupt, part, [&] { action(*node, *ledger); });
    expect_throws(Code::corrupt, part, [&] { node->wait(ledger->append(draft("after"))); });
    EXPECT_EQ(ledger->health().state, Health::State::failed);
  }
  static void audit(kernel::Node& node, Ledger& ledger) { node.wait(ledger.audit()); }

  std::string store_;
  Content older_;
  Content good_;

 private:
  /// test.records alone: its content can be changed without a ledger.
  std::shared_ptr<Faults> holder() {
    if (!holder_) {
      kernel::NodeOptions options = support::node_options();
      options.plugin_dirs.emplace_back(DRAWBRIDGE_CHAINS_TEST_PLUGINS);
      holder_ = kernel::Node::from_text("node: {name: test}\nstorage:\n  main: " + test_storage(store_) + "\n",
                                        "test.yaml", options);
      holder_->start();
    }
    return holder_->find<Faults>("main");
  }

  std::unique_ptr<kernel::Node> holder_;
};

TEST_F(LocalLedgerDamage, NoneIsNoticedWhereNoneIs) {
  const auto node = ledger_node(test_storage(store_));
  EXPECT_EQ(node->wait(node->find<Ledger>("ledger")->audit()).size, 600U);
  EXPECT_EQ(append_events(*node, 1)[0].index, 600U);
}

TEST_F(LocalLedgerDamage, EdgeTileStopsTheStart) {
  for (const std::size_t byte : {0, 31, 32 * 80}) {
    flip(tile(0, 2), byte);
    expect_no_start("tile 0/2");
  }
  flip(tile(1, 0), 5);
  expect_no_start("tile 1/0");
}

TEST_F(LocalLedgerDamage, EdgeTileOfTheWrongShapeStopsTheStart) {
  change([](Content& content) { content.erase(tile(0, 2)); });
  expect_no_start("tile 0/2: missing");
  change([](Content& content) { content.at(tile(0, 2)).pop_back(); });
  expect_no_start("tile 0/2: ");
  change([](Content& content) { content.at(tile(0, 2)).resize(32 * 40); });
  expect_no_start("tile 0/2: 40 hashes");
  change([](Content& content) { content.at(tile(0, 2)).resize(32 * 200); });
  expect_no_start("tile 0/2: 200 hashes");
}

TEST_F(LocalLedgerDamage, CheckpointStopsTheStart) {
  const std::string note = to_text(good_.at("ledger/checkpoint"));
  for (std::size_t i = 0; i < note.size(); i += 7) {
    flip("ledger/checkpoint", i);
    expect_no_start("checkpoint");
  }
  change([](Content& content) { content.erase("ledger/checkpoint"); });
  expect_no_start("checkpoint: missing");
}

TEST_F(LocalLedgerDamage, AnotherNodesLogStopsTheStart) {
  const Error error = thrown_by([&] { ledger_node(test_storage(store_), "mallory"); });
  EXPECT_EQ(name(error.code()), "corrupt") << error.what();
  EXPECT_NE(std::string(error.what()).find("no signature by the key"), std::string::npos) << error.what();
}

TEST_F(LocalLedgerDamage, RolledBackCheckpointStopsTheStart) {
  change([&](Content& content) { content["ledger/checkpoint"] = older_.at("ledger/checkpoint"); });
  expect_no_start("it is older than the log");
  // With the later entries gone the tiles still tell.
  change([&](Content& content) {
    content["ledger/checkpoint"] = older_.at("ledger/checkpoint");
    for (int i = 590; i < 600; ++i) content.erase(entry(i));
  });
  expect_no_start("the checkpoint is older than the log");
}

TEST_F(LocalLedgerDamage, RolledBackTilesStopTheStart) {
  change([&](Content& content) { content[tile(0, 2)] = older_.at(tile(0, 2)); });
  expect_no_start("tile 0/2: 78 hashes, where a log of 600 entries has 88");
}

TEST_F(LocalLedgerDamage, RolledBackWhileRunning) {
  const auto node = ledger_node(test_storage(store_));
  const auto ledger = node->find<Ledger>("ledger");
  node->find<Faults>("main")->set_content(older_);
  expect_throws(Code::corrupt, "went back from 600 to 590", [&] { node->wait(ledger->append(draft("after"))); });
  EXPECT_EQ(node->find<Faults>("main")->content(), older_);
}

TEST_F(LocalLedgerDamage, FullTile) {
  for (const std::size_t byte : {0, 32 * 100 + 7, 32 * 255}) {
    flip(tile(0, 1), byte);
    expect_noticed("tile 0/1", audit);
    expect_noticed("tile 0/1", [](auto& node, auto& ledger) { node.wait(ledger.proof(300, false)); });
    expect_noticed("tile 0/1", [](auto& node, auto& ledger) { node.wait(ledger.consistency(300, 600)); });
  }
  change([](Content& content) { content.erase(tile(0, 0)); });
  expect_noticed("tile 0/0: missing", audit);
  expect_noticed("tile 0/0: missing", [](auto& node, auto& ledger) { node.wait(ledger.event(3)); });
}

TEST_F(LocalLedgerDamage, Entry) {
  for (const std::uint64_t index : {0, 255, 256, 599}) {
    const std::string part = "entry " + std::to_string(index) + ":";
    flip(entry(index), good_.at(entry(index)).size() - 1);
    expect_noticed(part, audit);
    expect_noticed(part, [&](auto& node, auto& ledger) { node.wait(ledger.event(index)); });
    expect_noticed(part, [&](auto& node, auto& ledger) { node.wait(ledger.proof(index, true)); });
    expect_noticed(part, [&](auto& node, auto& ledger) { node.wait(ledger.events(index / 2, 1024)); });
    flip(entry(index), 0);
    expect_noticed(part, audit);
    change([&](Content& content) { content.erase(entry(index)); });
    expect_noticed(part, audit);
  }
}

TEST_F(LocalLedgerDamage, EntryAndItsLeafTogether) {
  change([&](Content& content) {
    content[entry(7)] = content.at(entry(8));
    Bytes& leaves = content.at(tile(0, 0));
    std::copy_n(leaves.begin() + 8 * 32, 32, leaves.begin() + 7 * 32);
  });
  expect_noticed("tile 0/0", audit);
  expect_noticed("tile 0/0", [](auto& node, auto& ledger) { node.wait(ledger.proof(7, false)); });
}

TEST_F(LocalLedgerDamage, Opening) {
  change([&](Content& content) { content[opening(9)] = content.at(opening(10)); });
  expect_noticed("opening 9:", audit);
  expect_noticed("opening 9:", [](auto& node, auto& ledger) { node.wait(ledger.proof(9, true)); });
  flip(opening(9), 3);
  expect_noticed("opening 9:", audit);
}

TEST_F(LocalLedgerDamage, ErasedOpeningIsNoDamage) {
  change([&](Content& content) { content.erase(opening(9)); });
  const auto node = ledger_node(test_storage(store_));
  const auto ledger = node->find<Ledger>("ledger");
  node->wait(ledger->audit());
  const auto event = node->wait(ledger->event(9));
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->salt.empty());
  EXPECT_TRUE(event->details.empty());
  expect_throws(Code::not_found, "opening of event 9", [&] { node->wait(ledger->proof(9, true)); });
  const std::string proof = node->wait(ledger->proof(9, false));
  EXPECT_EQ(check_event_proof(proof, signer().node_id, signer().node_public_key).event.leaf, event->leaf);
  EXPECT_EQ(node->wait(ledger->find("asset-9")).size(), 2U);  // Events 9 and 599.
}

TEST_F(LocalLedgerDamage, SubjectIndex) {
  const auto is_subject = [](const Key& key, std::uint64_t index) {
    return key.starts_with("ledger/subject/") && key.ends_with(hex16(index));
  };
  change(
      [&](Content& content) { std::erase_if(content, [&](const auto& item) { return is_subject(item.first, 50); }); });
  expect_noticed("event 50", audit);
  change([&](Content& content) {
    for (const auto& [key, value] : good_) {
      if (is_subject(key, 50)) content[key.substr(0, key.size() - 16) + hex16(51)] = value;
    }
  });
  expect_noticed("event 51", [](auto& node, auto& ledger) { node.wait(ledger.find("asset-50")); });
}

}  // namespace
}  // namespace drawbridge::test
