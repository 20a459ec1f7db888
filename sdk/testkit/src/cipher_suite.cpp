#include "drawbridge/testkit/cipher_suite.h"

#include <algorithm>
#include <array>
#include <thread>

#include "cipher_suite_support.h"
#include "drawbridge/hash.h"

namespace drawbridge::testkit {
namespace {

void data_key_size_is_checked(CipherSuite& suite) {
  for (const std::size_t size : {0, 16, 31, 33, 64}) {
    const Secret key(size);
    check_throws_now(Code::invalid, [&] { suite.chunk_cipher(key, view("header")); });
    check_throws_now(Code::invalid, [&] { suite.seal_small(key, view("context"), view("content")); });
    check_throws_now(Code::invalid, [&] { suite.wrap(keys_of(suite).encryption.public_key, view("context"), key); });
  }
}

void hasher_agrees_with_its_prefix(CipherSuite& suite) {
  DRAWBRIDGE_CHECK(!suite.address_prefix().empty());
  for (const std::size_t size : {0, 1, 55, 56, 63, 64, 65, 1000, 200'000}) {
    const Bytes data = pattern(size);
    const auto whole = suite.hasher();
    whole->update(data);
    const Bytes digest = whole->finish();
    DRAWBRIDGE_CHECK(digest.size() == 32);
    const auto parts = suite.hasher();
    for (std::size_t done = 0; done < size; done += 37) {
      parts->update(BytesView(data).subspan(done, std::min<std::size_t>(37, size - done)));
    }
    DRAWBRIDGE_CHECK(parts->finish() == digest);
    if (suite.address_prefix() == "sha256") DRAWBRIDGE_CHECK(std::ranges::equal(digest, sha256(data)));
  }
}

void names_are_well_formed(CipherSuite& suite) {
  const std::string_view name = suite.suite();
  DRAWBRIDGE_CHECK(!name.empty() && name.size() <= 32);
  for (const char c : name) DRAWBRIDGE_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
  DRAWBRIDGE_CHECK(suite.algorithms().size() >= 5);
  for (const Algorithm& algorithm : suite.algorithms()) {
    DRAWBRIDGE_CHECK(!algorithm.purpose.empty() && !algorithm.name.empty() && !algorithm.standard.empty());
  }
}

void work_on_one_thread(const CipherSuite& suite, const ChunkCipher& cipher, const Keys& keys, std::uint8_t number) {
  const Bytes plain(3000, number);
  for (std::uint64_t round = 0; round < 50; ++round) {
    Bytes sealed;
    Bytes opened;
    cipher.seal(round, false, plain, sealed);
    DRAWBRIDGE_CHECK(cipher.open(round, false, sealed, opened) && opened == plain);
  }
  const Secret key = test_key(number);
  const Bytes small = suite.seal_small(key, view("context"), plain);
  DRAWBRIDGE_CHECK(suite.open_small(key, view("context"), small).equals(plain));
  const Bytes wrapped = suite.wrap(keys.encryption.public_key, view("context"), key);
  DRAWBRIDGE_CHECK(suite.unwrap(keys.encryption.private_key, view("context"), wrapped).equals(key.bytes()));
  const Bytes signature = suite.sign(keys.signature.private_key, plain);
  DRAWBRIDGE_CHECK(suite.verify(keys.signature.public_key, plain, signature));
}

void threads_may_share_it(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const auto cipher = suite.chunk_cipher(test_key(1), view("header"));
  std::array<std::string, 4> failures;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < failures.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          work_on_one_thread(suite, *cipher, keys, static_cast<std::uint8_t>(i));
        } catch (const std::exception& error) {
          failures[i] = error.what();
        }
      });
    }
  }
  for (const auto& failure : failures) check(failure.empty(), failure);
}

}  // namespace

Suite<CipherSuite> cipher_suite_suite() {
  Suite<CipherSuite> all{
      now("DataKeySizeIsChecked", data_key_size_is_checked),
      now("HasherAgreesWithItsPrefix", hasher_agrees_with_its_prefix),
      now("NamesAreWellFormed", names_are_well_formed),
      now("ThreadsMayShareIt", threads_may_share_it),
  };
  for (auto* part : {chunk_cases, secret_cases, key_cases}) {
    for (auto& one : part()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace drawbridge::testkit
