// Outages of a mirror's storages: what goes on, what is refused, and that both are alike in the end.
#include <gtest/gtest.h>

#include <random>

#include "layers.h"

namespace drawbridge::storage_test {
namespace {

/// A mirror of two storages in RAM, `a` and `b`, each of which is away while its switch is on.
class MirrorTest : public testing::Test {
 protected:
  void start(const std::string& options = {}) {
    node_ = start_layers(component("a", "memory") + component("b", "memory") +
                         component("at_a", "faulty", "over: a, " + a_out_.outage()) +
                         component("at_b", "faulty", "over: b, " + b_out_.outage()) +
                         component("main", "mirror",
                                   "first: at_a, second: at_b, retry: 10ms" + (options.empty() ? "" : ", " + options)));
    storage_ = std::make_unique<Storage>(*node_);
  }

  /// Random writes through the mirror, known to the model.
  void write(int steps) {
    for (int i = 0; i < steps; ++i) {
      const auto key = "k" + std::to_string(random_() % 40);
      const auto id = "blob" + std::to_string(random_() % 10);
      const auto value = noise(random_() % 300, static_cast<unsigned>(random_()));
      switch (random_() % 5) {
        case 0:
          storage_->erase(key);
          model_.erase("r" + key);
          break;
        case 1:
          storage_->erase_blob(id);
          model_.erase("b" + id);
          break;
        case 2: {
          const auto bytes = noise(1000, static_cast<unsigned>(random_() % 3));
          storage_->erase_blob(id);
          storage_->store(id, bytes);
          model_["b" + id] = bytes;
          break;
        }
        default:
          storage_->put(key, value);
          model_["r" + key] = value;
      }
    }
  }
  void expect_alike() {
    EXPECT_TRUE(content_of(*node_, "main") == model_) << "what the mirror shows";
    EXPECT_TRUE(content_of(*node_, "a") == model_) << "the first storage";
    EXPECT_TRUE(content_of(*node_, "b") == model_) << "the second storage";
  }

  support::TempDir folder_;
  Switch a_out_{folder_ / "a.out"}, b_out_{folder_ / "b.out"};
  std::unique_ptr<kernel::Node> node_;
  std::unique_ptr<Storage> storage_;
  std::map<std::string, Bytes> model_;
  std::mt19937_64 random_{11};
};

TEST_F(MirrorTest, WritesReachBoth) {
  start();
  write(200);
  expect_alike();
  EXPECT_EQ(health_of(*node_, "main").state, Health::State::ok);
}

TEST_F(MirrorTest, SecondGoesAndComesBack) {
  start();
  for (int round = 0; round < 5; ++round) {
    write(50);
    b_out_.on();
    write(100);
    EXPECT_EQ(health_of(*node_, "main").state, Health::State::degraded);
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(content_of(*node_, "main") == model_) << "the one behind is never read";
    EXPECT_FALSE(content_of(*node_, "b") == model_);
    b_out_.off();
    write(20);
    wait_for(*node_, "main", Health::State::ok);
    expect_alike();
  }
}

TEST_F(MirrorTest, EachGoesInTurn) {
  start();
  for (int round = 0; round < 6; ++round) {
    const auto& out = round % 2 == 0 ? a_out_ : b_out_;
    out.on();
    write(60);
    EXPECT_EQ(health_of(*node_, "main").state, Health::State::degraded);
    EXPECT_TRUE(content_of(*node_, "main") == model_);
    out.off();
    wait_for(*node_, "main", Health::State::ok);
    expect_alike();
  }
}

TEST_F(MirrorTest, TheOneBehindDoesNotStepIn) {
  start();
  storage_->put("k", "old");
  b_out_.on();
  storage_->put("k", "new");
  a_out_.on();
  b_out_.off();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(error_of([&] { storage_->get("k"); }).code(), Code::unavailable);
    EXPECT_EQ(error_of([&] { storage_->put("k", "newer"); }).code(), Code::unavailable);
  }
  a_out_.off();
  EXPECT_EQ(storage_->get("k"), "new");
  wait_for(*node_, "main", Health::State::ok);
  EXPECT_TRUE(content_of(*node_, "a") == content_of(*node_, "b"));
}

TEST_F(MirrorTest, BothGoAndComeBack) {
  start();
  write(30);
  a_out_.on();
  b_out_.on();
  EXPECT_EQ(error_of([&] { storage_->put("k", "lost"); }).code(), Code::unavailable);
  a_out_.off();
  b_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  write(30);
  expect_alike();
}

TEST_F(MirrorTest, BothIsABoundOnWhatIsAcknowledged) {
  start("acknowledge: both");
  storage_->put("k", "one");
  b_out_.on();
  const auto error = error_of([&] { storage_->put("k", "two"); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(error.hint(), "");
  EXPECT_EQ(error_of([&] { storage_->put("other", "x"); }).code(), Code::unavailable);
  EXPECT_EQ(storage_->get("other"), "(absent)");
  b_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  storage_->put("k", "three");
  EXPECT_EQ(storage_->get("k"), "three");
  EXPECT_TRUE(content_of(*node_, "a") == content_of(*node_, "b"));
}

TEST_F(MirrorTest, ALongJournalBecomesAFullCopy) {
  start("journal_max: 1000");
  write(50);
  b_out_.on();
  for (int i = 0; i < 1200; ++i) {
    const auto key = "many" + std::to_string(i);
    storage_->put(key, "v");
    model_["r" + key] = to_bytes("v");
  }
  const Storage behind(*node_);
  b_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
  write(50);
  expect_alike();
}

TEST_F(MirrorTest, AFailedWriterOfABlobIsAnOutage) {
  start();
  const auto bytes = noise(500'000);
  const auto writer = node_->wait(storage_->blobs->create());
  node_->wait(writer->write(BytesView(bytes).first(200'000)));
  a_out_.on();
  node_->wait(writer->write(BytesView(bytes).subspan(200'000)));
  a_out_.off();
  node_->wait(writer->commit("half"));
  EXPECT_EQ(*storage_->load("half"), bytes);
  wait_for(*node_, "main", Health::State::ok);
  model_["bhalf"] = bytes;
  expect_alike();
}

TEST_F(MirrorTest, ABlobBegunDuringAnOutage) {
  start();
  b_out_.on();
  storage_->put("k", "v");
  const auto writer = node_->wait(storage_->blobs->create());
  const auto bytes = noise(1000);
  node_->wait(writer->write(bytes));
  b_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  node_->wait(writer->commit("late"));
  model_ = {{"rk", to_bytes("v")}, {"blate", bytes}};
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
}

TEST_F(MirrorTest, ReadsFallOver) {
  const Switch reads(folder_ / "reads");
  node_ = start_layers(component("a", "memory") + component("b", "memory") +
                       component("at_a", "faulty", "over: a, calls: reads, " + reads.outage()) +
                       component("main", "mirror", "first: at_a, second: b, retry: 1h"));
  Storage storage(*node_);
  storage.put("k", "v");
  storage.store("b", noise(100));
  reads.on();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(storage.get("k"), "v");
  EXPECT_EQ(*storage.load("b"), noise(100));
  EXPECT_EQ(health_of(*node_, "main").state, Health::State::degraded);
}

TEST_F(MirrorTest, ReadsTheNearest) {
  // What comes from the first storage is spoilt, which tells where a value was read.
  node_ = start_layers(component("a", "memory") + component("b", "memory") +
                       component("far", "slow", "over: a, delay: 20ms, calls: reads") +
                       component("spoilt", "corrupt", "over: far, per_million: 1000000, what: blobs") +
                       component("main", "mirror", "first: spoilt, second: b"));
  Storage storage(*node_);
  const auto bytes = noise(100);
  storage.store("blob", bytes);
  Bytes out(100);
  int far = 0;
  for (int i = 0; i < 256; ++i) {
    node_->wait(storage.blobs->read("blob", 0, out));
    far += out != bytes ? 1 : 0;
  }
  EXPECT_GT(far, 0) << "now and then it is looked whether that one is still slower";
  EXPECT_LT(far, 40);
}

TEST_F(MirrorTest, NotesAreNobodysData) {
  start();
  storage_->put("k", "v");
  const auto all = node_->wait(storage_->records->scan("", "", 100));
  ASSERT_EQ(all.records.size(), 1U);
  EXPECT_FALSE(all.more);
  const Key own = std::string(16, '\xff') + "mirror/mirror/mark";
  EXPECT_TRUE(node_->wait(node_->find<Records>("a")->get(own)));
  EXPECT_FALSE(node_->wait(storage_->records->get(own)));
  EXPECT_EQ(error_of([&] { storage_->put(own, "x"); }).code(), Code::invalid);
}

/// Mirrors whose storages survive the node.
class MirrorRestart : public MirrorTest {
 protected:
  std::string lines(const std::string& a = "a", const std::string& b = "b") {
    return component("a", "rocksdb", "path: " + (folder_ / a).string()) +
           component("b", "rocksdb", "path: " + (folder_ / b).string()) +
           component("at_a", "faulty", "over: a, " + a_out_.outage()) +
           component("at_b", "faulty", "over: b, " + b_out_.outage()) +
           component("main", "mirror", "first: at_a, second: at_b, retry: 10ms");
  }
  void open(const std::string& a = "a", const std::string& b = "b") {
    close();
    node_ = start_layers(lines(a, b));
    storage_ = std::make_unique<Storage>(*node_);
  }
  void close() {
    storage_.reset();
    node_.reset();
  }
  void put_below(const std::string& folder, const std::string& key) {
    const auto node = start_rocksdb(folder_ / folder);
    Storage(*node).put(key, "v");
  }
};

TEST_F(MirrorRestart, AfterACleanStop) {
  open();
  write(30);
  open();
  write(30);
  expect_alike();
}

TEST_F(MirrorRestart, DuringAnOutage) {
  open();
  write(30);
  b_out_.on();
  write(30);
  open();
  EXPECT_EQ(health_of(*node_, "main").state, Health::State::degraded);
  EXPECT_TRUE(content_of(*node_, "main") == model_);
  write(30);
  b_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
}

TEST_F(MirrorRestart, TheOneThatMissedWritesIsNotTrusted) {
  open();
  storage_->put("k", "old");
  b_out_.on();
  storage_->put("k", "new");
  close();
  b_out_.off();
  a_out_.on();
  const auto error = error_of([&] { open(); });
  EXPECT_EQ(error.code(), Code::unavailable);
  EXPECT_NE(std::string(error.what()).find("only the second storage answers"), std::string::npos) << error.what();
  EXPECT_NE(error.hint(), "");
  a_out_.off();
  open();
  EXPECT_EQ(storage_->get("k"), "new");
  wait_for(*node_, "main", Health::State::ok);
}

TEST_F(MirrorRestart, TheSecondLed) {
  open();
  write(30);
  a_out_.on();
  write(30);
  open();
  EXPECT_TRUE(content_of(*node_, "main") == model_);
  a_out_.off();
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
  open();
  expect_alike();
}

TEST_F(MirrorRestart, TakesOverTheDataOfTheFirst) {
  put_below("a", "before");
  open();
  wait_for(*node_, "main", Health::State::ok);
  model_["rbefore"] = to_bytes("v");
  write(20);
  expect_alike();
}

TEST_F(MirrorRestart, DoesNotOverwriteTheDataOfTheSecond) {
  put_below("b", "precious");
  const auto error = error_of([&] { open(); });
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_NE(error.hint(), "");
}

TEST_F(MirrorRestart, ALostStorageIsReplacedByAnEmptyOne) {
  open();
  write(100);
  open("a", "another b");
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
  open("another a", "another b");
  wait_for(*node_, "main", Health::State::ok);
  expect_alike();
}

TEST_F(MirrorRestart, StoragesOfTwoMirrorsAreNotMixed) {
  open();
  write(5);
  open("c", "d");
  close();
  EXPECT_EQ(error_of([&] { open("a", "d"); }).code(), Code::conflict);
}

TEST_F(MirrorRestart, BothTookWritesAlone) {
  open();
  a_out_.on();
  write(5);
  close();
  a_out_.off();
  std::filesystem::copy(folder_ / "b", folder_ / "twin", std::filesystem::copy_options::recursive);
  const auto error = error_of([&] { open("twin", "b"); });
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_NE(std::string(error.what()).find("both storages took writes"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace drawbridge::storage_test
