#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "drawbridge/hash.h"
#include "fixture.h"
#include "keyring/key_file.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using namespace test;

const std::vector<std::string> only_keyring{"keyring"};

/// A node of which the keyring runs, and what it needs.
class KeyringTest : public testing::Test {
 protected:
  void SetUp() override { node.start(only_keyring); }

  void put(const std::string& name, const std::string& secret) {
    Batch batch;
    batch.put(Keyring::record_key(name), node.keyring()->seal(name, Secret::copy_of(secret)));
    node.wait(node.records()->commit(std::move(batch)));
  }
  std::string get(const std::string& name) {
    const auto sealed = node.wait(node.records()->get(Keyring::record_key(name)));
    return std::string(node.keyring()->open(name, sealed.value()).text());
  }
  std::uint32_t version_of(const std::string& name) {
    return load_u32be(node.wait(node.records()->get(Keyring::record_key(name))).value());
  }
  std::uint32_t rotate() { return node.wait(node.keyring()->rotate()); }
  Keyring::Rewrapped rewrap() { return node.wait(node.keyring()->rewrap()); }

  TestNode node{"alone"};
};

TEST_F(KeyringTest, SealsAndOpensUnderTheNameOnly) {
  const auto keyring = node.keyring();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{32}, std::size_t{1u << 20}}) {
    const Bytes secret = pattern(size);
    const Bytes sealed = keyring->seal("name", Secret::copy_of(secret));
    EXPECT_TRUE(keyring->open("name", sealed).equals(secret));
    for (const auto* other : {"", "Name", "name ", "nam", "name/x"}) {
      expect_throws(
          Code::cannot_open, [&] { keyring->open(other, sealed); }, other);
    }
  }
  expect_throws(Code::too_large, [&] { keyring->seal("name", Secret((1u << 20) + 1)); });
  EXPECT_NE(keyring->seal("name", Secret(10)), keyring->seal("name", Secret(10)));
}

TEST_F(KeyringTest, DamageDoesNotOpen) {
  const auto keyring = node.keyring();
  const Bytes good = keyring->seal("name", Secret::copy_of(view("a secret")));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    expect_throws(
        Code::cannot_open, [&] { keyring->open("name", bad); }, std::to_string(bit));
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_throws(Code::cannot_open, [&] { keyring->open("name", BytesView(good).first(size)); });
  }
}

TEST_F(KeyringTest, RotateKeepsTheOldOpen) {
  const auto keyring = node.keyring();
  EXPECT_EQ(keyring->current_version(), 1u);
  put("a", "first");
  EXPECT_EQ(rotate(), 2u);
  EXPECT_EQ(keyring->current_version(), 2u);
  put("b", "second");
  EXPECT_EQ(get("a"), "first");
  EXPECT_EQ(version_of("a"), 1u);
  EXPECT_EQ(version_of("b"), 2u);
  const auto versions = keyring->versions();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_FALSE(versions[0].current);
  EXPECT_TRUE(versions[1].current);
}

TEST_F(KeyringTest, RewrapMovesAllRecordsOnce) {
  for (int i = 0; i < 600; ++i) put("secret/" + std::to_string(i), "value " + std::to_string(i));
  EXPECT_EQ(rewrap().records, 0u);
  rotate();
  std::uint64_t done = 0;
  std::uint64_t seen = 0;
  const auto result = node.wait(node.keyring()->rewrap([&](std::uint64_t now_done, std::uint64_t now_seen) {
    EXPECT_GE(now_done, done);
    EXPECT_GE(now_seen, seen);
    done = now_done;
    seen = now_seen;
  }));
  EXPECT_EQ(result.records, 600u);
  EXPECT_EQ(result.unused, std::vector<std::uint32_t>{1});
  EXPECT_EQ(done, 600u);
  EXPECT_EQ(seen, 600u);
  EXPECT_EQ(rewrap().records, 0u) << "again there is nothing to do";
  for (int i = 0; i < 600; ++i) {
    const std::string name = "secret/" + std::to_string(i);
    EXPECT_EQ(version_of(name), 2u);
    EXPECT_EQ(get(name), "value " + std::to_string(i));
  }
}

TEST_F(KeyringTest, AWriterThatSealedBeforeTheRotationIsCaughtUp) {
  put("a", "old");
  const Bytes late = node.keyring()->seal("a", Secret::copy_of(view("written late")));
  rotate();
  // The writer commits what it sealed before the rotation between the read and the commit of the rewrap.
  const auto records = node.records();
  const auto backdoor = node.backdoor();
  std::atomic<bool> once = false;
  backdoor->before_commit([&](const Batch& batch) {
    if (batch.expectations().empty() || once.exchange(true)) return;
    std::thread([&] {
      Batch other;
      other.put(Keyring::record_key("a"), late);
      node.wait(records->commit(std::move(other)));
    }).join();
  });
  const auto result = rewrap();
  backdoor->before_commit({});
  EXPECT_TRUE(once);
  EXPECT_EQ(result.records, 1u);
  EXPECT_EQ(get("a"), "written late");
  EXPECT_EQ(version_of("a"), 2u) << "version 1 is reported as unused";
}

TEST_F(KeyringTest, RewrapBesideWritersLosesNothing) {
  for (int i = 0; i < 50; ++i) put("n" + std::to_string(i), "0");
  rotate();
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([this, w] {
      for (int i = w; i < 50; i += 2) put("n" + std::to_string(i), "new");
    });
  }
  rewrap();
  for (auto& writer : writers) writer.join();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(get("n" + std::to_string(i)), "new");
    EXPECT_EQ(version_of("n" + std::to_string(i)), 2u);
  }
}

TEST_F(KeyringTest, ARewrapThatFailsNamesTheRecordAndCanGoOn) {
  put("a", "one");
  put("b", "two");
  rotate();
  node.backdoor()->failing_commits() = 1;
  const std::string message = expect_throws(Code::unavailable, [&] { rewrap(); });
  EXPECT_NE(message.find("'a'"), std::string::npos) << message;
  EXPECT_EQ(rewrap().records, 2u);
}

TEST_F(KeyringTest, SurvivesARestart) {
  put("a", "one");
  rotate();
  put("b", "two");
  node.stop();
  node.start(only_keyring);
  EXPECT_EQ(node.keyring()->current_version(), 2u);
  EXPECT_EQ(get("a"), "one");
  EXPECT_EQ(get("b"), "two");
  EXPECT_EQ(rotate(), 3u);
}

TEST_F(KeyringTest, TheKeyFileIsPrivateAndHoldsNoKey) {
  struct stat status {};
  ASSERT_EQ(::stat(node.key_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string text = support::read_text(node.key_file());
  EXPECT_EQ(text.find("the master password"), std::string::npos);
  for (const auto* field :
       {"\"format\"", "\"suite\"", "\"kdf\"", "\"salt\"", "\"current_version\"", "\"keys\"", "\"check\""}) {
    EXPECT_NE(text.find(field), std::string::npos) << field;
  }
}

TEST_F(KeyringTest, AWrongPasswordIsRefusedAndChangesNothing) {
  put("a", "one");
  const std::string before = support::read_text(node.key_file());
  node.stop();
  std::ofstream(node.password_file()) << "the master passwort\n";
  expect_throws(Code::unauthenticated, [&] { node.start(only_keyring); });
  EXPECT_EQ(support::read_text(node.key_file()), before);
  std::ofstream(node.password_file()) << "the master password\n";
  node.start(only_keyring);
  EXPECT_EQ(get("a"), "one");
}

TEST_F(KeyringTest, APasswordThatOthersMayReadIsRefused) {
  node.stop();
  ::chmod(node.password_file().c_str(), 0644);
  try {
    node.start(only_keyring);
    ADD_FAILURE() << "started";
  } catch (const std::exception& error) {
    EXPECT_EQ(std::string(error.what()).find("master password\n"), std::string::npos);
  }
}

/// The node's suite, but for the derivation: without its cost for "quick:…".
class TestSuite final : public CipherSuite {
 public:
  explicit TestSuite(std::shared_ptr<CipherSuite> real, std::string parameters = "quick:600000")
      : real_(std::move(real)), parameters_(std::move(parameters)) {}
  std::string_view suite() const override { return real_->suite(); }
  std::vector<Algorithm> algorithms() const override { return real_->algorithms(); }
  std::string_view address_prefix() const override { return real_->address_prefix(); }
  std::unique_ptr<Hasher> hasher() const override { return real_->hasher(); }
  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& key, BytesView header) const override {
    return real_->chunk_cipher(key, header);
  }
  Bytes seal_small(const Secret& key, BytesView context, BytesView plain) const override {
    return real_->seal_small(key, context, plain);
  }
  Secret open_small(const Secret& key, BytesView context, BytesView sealed) const override {
    return real_->open_small(key, context, sealed);
  }
  KeyPair generate_encryption_keys() const override { return real_->generate_encryption_keys(); }
  Bytes wrap(BytesView key, BytesView context, const Secret& data_key) const override {
    return real_->wrap(key, context, data_key);
  }
  Secret unwrap(const Secret& key, BytesView context, BytesView wrapped) const override {
    return real_->unwrap(key, context, wrapped);
  }
  KeyPair generate_signature_keys() const override { return real_->generate_signature_keys(); }
  Bytes sign(const Secret& key, BytesView message) const override { return real_->sign(key, message); }
  bool verify(BytesView key, BytesView message, BytesView signature) const override {
    return real_->verify(key, message, signature);
  }
  std::string password_parameters() const override { return parameters_; }
  Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const override {
    if (parameters.starts_with("pbkdf2") && parameters_.starts_with("pbkdf2"))
      return real_->derive(password, salt, parameters);
    if (!parameters.starts_with("quick:") || parameters.size() != 12) throw Error(Code::invalid, "unknown parameters");
    Sha256 hash;
    hash.update(password.bytes()).update(salt).update(parameters);
    return Secret::copy_of(BytesView(hash.finish()));
  }

 private:
  std::shared_ptr<CipherSuite> real_;
  std::string parameters_;
};

class KeyFileTest : public KeyringTest {
 protected:
  void SetUp() override {
    KeyringTest::SetUp();
    suite = std::make_unique<TestSuite>(node.suite());
    KeyFile file = KeyFile::create(*suite, password, system_random(), test_clock().now());
    file.add_version(system_random(), test_clock().now() + 1h);
    file.save(path, *suite);
    text = support::read_text(path);
  }
  void TearDown() override { suite.reset(); }

  KeyFile load(const std::string& content) {
    std::filesystem::remove(path);  // some file systems write a file out when it is truncated
    std::ofstream(path, std::ios::binary) << content;
    return KeyFile::load(path, *suite, password);
  }

  const Secret password = Secret::copy_of(view("pass"));
  const std::filesystem::path path = node.folder() / "quick.json";
  std::unique_ptr<TestSuite> suite;
  std::string text;
};

TEST_F(KeyFileTest, RoundTrip) {
  const KeyFile file = load(text);
  EXPECT_EQ(file.current(), 2u);
  EXPECT_EQ(file.versions().size(), 2u);
  EXPECT_EQ(file.versions().at(1).key.size(), 32u);
  EXPECT_FALSE(file.versions().at(1).key.equals(file.versions().at(2).key.bytes()));
  const KeyFile clone = file.clone();
  EXPECT_TRUE(clone.versions().at(2).key.equals(file.versions().at(2).key.bytes()));
}

TEST_F(KeyFileTest, EveryFlippedBitIsRefused) {
  const std::size_t suite_at = text.find("fernet");
  ASSERT_NE(suite_at, std::string::npos);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string bad = text;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    try {
      load(bad);
      FAIL() << "taken with bit " << bit << ": " << bad;
    } catch (const Error& error) {
      // Another suite's name is a file for another configuration.
      const bool of_suite = bit / 8 >= suite_at && bit / 8 < suite_at + 6;
      ASSERT_TRUE(error.code() == Code::corrupt || error.code() == Code::unauthenticated ||
                  (of_suite && error.code() == Code::invalid))
          << bit << ": " << name(error.code()) << ": " << error.what();
    }
  }
  EXPECT_NO_THROW(load(text));
}

TEST_F(KeyFileTest, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    expect_throws(
        Code::corrupt, [&] { load(text.substr(0, size)); }, std::to_string(size));
  }
}

TEST_F(KeyFileTest, VersionsCannotBeSwappedDroppedOrTurnedBack) {
  const auto replaced = [&](const std::string& what, const std::string& with) {
    std::string out = text;
    const auto at = out.find(what);
    EXPECT_NE(at, std::string::npos);
    return out.replace(at, what.size(), with);
  };
  expect_throws(Code::corrupt, [&] { load(replaced("\"current_version\":2", "\"current_version\":1")); });
  expect_throws(Code::corrupt, [&] { load(replaced("\"current_version\":2", "\"current_version\":3")); });
  expect_throws(Code::corrupt, [&] { load(replaced("\"1\":", "\"3\":")); });
  expect_throws(Code::corrupt, [&] { load(replaced("\"1\":", "\"01\":")); });
  expect_throws(Code::corrupt, [&] { load(replaced("{\"format\"", "{\"more\":1,\"format\"")); });
  expect_throws(Code::corrupt, [&] { load(replaced("keyfile/1", "keyfile/2")); });
  expect_throws(Code::corrupt, [&] { load(std::string(1'000, ' ') + "[]"); });
  expect_throws(Code::corrupt, [&] { load(std::string(100'000, '[')); });
  expect_throws(Code::too_large, [&] { load(std::string((1u << 20) + 1, ' ')); });
}

TEST_F(KeyFileTest, OtherParametersAreNotThoseOfTheKeys) {
  std::string weaker = text;
  weaker.replace(weaker.find("quick:600000"), 12, "quick:480000");
  expect_throws(Code::unauthenticated, [&] { load(weaker); });
}

TEST_F(KeyringTest, AFileOf480000IterationsOpensAndOneOfFewerDoesNot) {
  const Secret password = Secret::copy_of(view("the master password"));
  const auto make = [&](const std::string& parameters) {
    const TestSuite older(node.suite(), parameters);
    const KeyFile file = KeyFile::create(older, password, system_random(), test_clock().now());
    file.save(node.key_file(), older);
    return to_bytes(file.versions().at(1).key.bytes());
  };
  const Bytes key = make("pbkdf2-hmac-sha256:480000");
  node.stop();
  node.start(only_keyring);
  EXPECT_EQ(node.keyring()->current_version(), 1u);
  const Bytes sealed = node.keyring()->seal("a", Secret::copy_of(view("secret")));
  EXPECT_EQ(node.suite()->open_small(Secret::copy_of(key), view("a"), BytesView(sealed).subspan(4)).text(), "secret");
  make("quick:100000");
  std::string weak = support::read_text(node.key_file());
  weak.replace(weak.find("quick:100000"), 12, "pbkdf2-hmac-sha256:100000");
  node.stop();
  std::ofstream(node.key_file(), std::ios::trunc) << weak;
  expect_throws(Code::corrupt, [&] { node.start(only_keyring); });
}

}  // namespace
}  // namespace drawbridge
