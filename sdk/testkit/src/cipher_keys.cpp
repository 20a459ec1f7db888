// Key encapsulation and signatures.
#include <map>
#include <mutex>
#include <set>

#include "cipher_suite_support.h"

namespace drawbridge::testkit {

const Keys& keys_of(const CipherSuite& suite) {
  static std::mutex mutex;
  static std::map<std::string, Keys> all;
  const std::lock_guard lock(mutex);
  const auto found = all.find(std::string(suite.suite()));
  if (found != all.end()) return found->second;
  Keys keys{suite.generate_encryption_keys(), suite.generate_encryption_keys(), suite.generate_signature_keys(),
            suite.generate_signature_keys()};
  return all.emplace(suite.suite(), std::move(keys)).first->second;
}

namespace {

const Bytes content = to_bytes("twenty-three bytes long");

void wrap_round_trip(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Secret key = test_key(4);
  const Bytes first = suite.wrap(keys.encryption.public_key, view("context"), key);
  const Bytes second = suite.wrap(keys.encryption.public_key, view("context"), key);
  DRAWBRIDGE_CHECK(first != second);
  DRAWBRIDGE_CHECK(suite.unwrap(keys.encryption.private_key, view("context"), first).equals(key.bytes()));
  DRAWBRIDGE_CHECK(suite.unwrap(keys.encryption.private_key, view("context"), second).equals(key.bytes()));
}

void wrap_context_is_bound(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Bytes wrapped = suite.wrap(keys.encryption.public_key, view("context"), test_key(4));
  for (const std::string_view other : {"", "contex", "context ", "Context"}) {
    check_throws_now(Code::cannot_open, [&] { suite.unwrap(keys.encryption.private_key, view(other), wrapped); });
  }
}

void wrap_is_for_one_holder(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Bytes wrapped = suite.wrap(keys.encryption.public_key, view("context"), test_key(4));
  check_throws_now(Code::cannot_open,
                   [&] { suite.unwrap(keys.other_encryption.private_key, view("context"), wrapped); });
}

void wrap_refuses_changes(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Bytes wrapped = suite.wrap(keys.encryption.public_key, view("context"), test_key(4));
  const auto refused = [&](BytesView bytes) {
    check_throws_now(Code::cannot_open, [&] { suite.unwrap(keys.encryption.private_key, view("context"), bytes); });
  };
  for (std::size_t bit = 0; bit < wrapped.size() * 8; bit += 61) refused(flipped(wrapped, bit));
  refused({});
  refused(BytesView(wrapped).first(1));
  refused(BytesView(wrapped).first(wrapped.size() - 1));
  Bytes longer = wrapped;
  longer.push_back(0);
  refused(longer);
  longer = wrapped;
  longer.insert(longer.begin(), 0);
  refused(longer);
  refused(Bytes(wrapped.size(), 0xff));
  refused(Bytes(wrapped.size()));
}

/// Every public key that is none: cut, extended, of other bytes.
std::vector<Bytes> bad_keys(const Bytes& good) {
  std::vector<Bytes> out{{}, Bytes(1), Bytes(good.size()), Bytes(good.size(), 0xff), Bytes(100'000, 0x30)};
  out.push_back(system_random().bytes(good.size()));
  out.emplace_back(good.begin(), good.end() - 1);
  out.emplace_back(good.begin() + 1, good.end());
  out.push_back(good);
  out.back().push_back(0);
  return out;
}

void foreign_public_keys_are_refused(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Secret key = test_key(4);
  const Bytes& good = keys.encryption.public_key;
  for (const Bytes& bad : bad_keys(good)) {
    if (bad.size() != good.size()) {
      check_throws_now(Code::invalid, [&] { suite.wrap(bad, view("context"), key); });
      continue;
    }
    // Where any bytes of the proper size are a key, it is nobody's.
    try {
      const Bytes wrapped = suite.wrap(bad, view("context"), key);
      check_throws_now(Code::cannot_open, [&] { suite.unwrap(keys.encryption.private_key, view("context"), wrapped); });
    } catch (const Error& error) {
      DRAWBRIDGE_CHECK(error.code() == Code::invalid);
    }
  }
}

void foreign_private_keys_are_refused(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Bytes wrapped = suite.wrap(keys.encryption.public_key, view("context"), test_key(4));
  for (Bytes& bad : bad_keys(to_bytes(keys.encryption.private_key.bytes()))) {
    const Secret key(std::move(bad));
    check_throws_now(Code::cannot_open, [&] { suite.unwrap(key, view("context"), wrapped); });
  }
  for (Bytes& bad : bad_keys(to_bytes(keys.signature.private_key.bytes()))) {
    // One that has the proper form may be a key that nobody's public key belongs to; its signatures then do not verify.
    const Secret key(std::move(bad));
    try {
      DRAWBRIDGE_CHECK(!suite.verify(keys.signature.public_key, content, suite.sign(key, content)));
    } catch (const Error& error) {
      DRAWBRIDGE_CHECK(error.code() == Code::invalid);
    }
  }
}

void generated_keys_differ(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  std::set<Bytes> publics;
  std::set<Bytes> privates;
  for (const KeyPair* pair : {&keys.encryption, &keys.other_encryption, &keys.signature, &keys.other_signature}) {
    publics.insert(pair->public_key);
    privates.insert(to_bytes(pair->private_key.bytes()));
  }
  DRAWBRIDGE_CHECK(publics.size() == 4 && privates.size() == 4);
}

// Signatures.

void sign_and_verify(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  for (const std::size_t size : {0, 1, 32, 1000, 100'000}) {
    const Bytes message = pattern(size);
    const Bytes signature = suite.sign(keys.signature.private_key, message);
    DRAWBRIDGE_CHECK(suite.verify(keys.signature.public_key, message, signature));
    DRAWBRIDGE_CHECK(!suite.verify(keys.other_signature.public_key, message, signature));
    Bytes other = message;
    other.push_back(0);
    DRAWBRIDGE_CHECK(!suite.verify(keys.signature.public_key, other, signature));
    if (size > 0) DRAWBRIDGE_CHECK(!suite.verify(keys.signature.public_key, flipped(message, size * 8 - 1), signature));
  }
}

void verify_is_false_for_garbage(CipherSuite& suite) {
  const Keys& keys = keys_of(suite);
  const Bytes signature = suite.sign(keys.signature.private_key, content);
  const Bytes& key = keys.signature.public_key;
  for (std::size_t bit = 0; bit < signature.size() * 8; bit += 31) {
    DRAWBRIDGE_CHECK(!suite.verify(key, content, flipped(signature, bit)));
  }
  for (const Bytes& bad : bad_keys(signature)) DRAWBRIDGE_CHECK(!suite.verify(key, content, bad));
  for (const Bytes& bad : bad_keys(key)) DRAWBRIDGE_CHECK(!suite.verify(bad, content, signature));
}

}  // namespace

Suite<CipherSuite> key_cases() {
  return {
      now("WrapRoundTrip", wrap_round_trip),
      now("WrapContextIsBound", wrap_context_is_bound),
      now("WrapIsForOneHolder", wrap_is_for_one_holder),
      now("WrapRefusesChanges", wrap_refuses_changes),
      now("ForeignPublicKeysAreRefused", foreign_public_keys_are_refused),
      now("ForeignPrivateKeysAreRefused", foreign_private_keys_are_refused),
      now("GeneratedKeysDiffer", generated_keys_differ),
      now("SignAndVerify", sign_and_verify),
      now("VerifyIsFalseForGarbage", verify_is_false_for_garbage),
  };
}

}  // namespace drawbridge::testkit
