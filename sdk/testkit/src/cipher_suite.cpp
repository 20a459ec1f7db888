#include "drawbridge/testkit/cipher_suite.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "cipher_suite_support.h"
#include "drawbridge/hash.h"

namespace drawbridge::testkit {
namespace {

struct Keys {
  KeyPair encryption;
  KeyPair other_encryption;
  KeyPair signature;
  KeyPair other_signature;
};

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

Bytes flipped(Bytes bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  return bytes;
}

// Chunks.

const Bytes header = to_bytes("a header");
const Bytes content = to_bytes("twenty-three bytes long");

struct ChunkFixture {
  explicit ChunkFixture(const CipherSuite& suite) : key(test_key(1)), cipher(suite.chunk_cipher(key, header)) {}

  Bytes seal(std::uint64_t index, bool last) const {
    Bytes out;
    cipher->seal(index, last, content, out);
    return out;
  }
  static bool opens(const ChunkCipher& with, std::uint64_t index, bool last, BytesView sealed) {
    Bytes out = to_bytes("before");
    if (with.open(index, last, sealed, out)) {
      DRAWBRIDGE_CHECK(out.size() >= 6 && text_view(BytesView(out).first(6)) == "before");
      out.erase(out.begin(), out.begin() + 6);
      DRAWBRIDGE_CHECK(out == content);
      return true;
    }
    check(out == to_bytes("before"), "a chunk that does not open leaves the output as it was");
    return false;
  }
  bool opens(std::uint64_t index, bool last, BytesView sealed) const { return opens(*cipher, index, last, sealed); }

  Secret key;
  std::unique_ptr<ChunkCipher> cipher;
};

void chunk_round_trip(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    DRAWBRIDGE_CHECK(chunks.opens(index, false, chunks.seal(index, false)));
    DRAWBRIDGE_CHECK(chunks.opens(index, true, chunks.seal(index, true)));
  }
}

void chunk_index_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(7, false);
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{7} << 32}) {
    DRAWBRIDGE_CHECK(!chunks.opens(index, false, sealed));
  }
}

void chunk_last_flag_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  DRAWBRIDGE_CHECK(!chunks.opens(3, true, chunks.seal(3, false)));
  DRAWBRIDGE_CHECK(!chunks.opens(3, false, chunks.seal(3, true)));
}

void chunk_header_is_bound(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (const std::string_view other : {"a heades", "a heade", "a header ", ""}) {
    const auto cipher = suite.chunk_cipher(chunks.key, view(other));
    DRAWBRIDGE_CHECK(!ChunkFixture::opens(*cipher, 0, true, sealed));
  }
  const auto same = suite.chunk_cipher(chunks.key, header);
  DRAWBRIDGE_CHECK(ChunkFixture::opens(*same, 0, true, sealed));
}

void chunk_key_is_needed(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t bit = 0; bit < CipherSuite::data_key_bytes * 8; bit += 37) {
    const Secret wrong(flipped(to_bytes(chunks.key.bytes()), bit));
    DRAWBRIDGE_CHECK(!ChunkFixture::opens(*suite.chunk_cipher(wrong, header), 0, true, sealed));
  }
}

void chunk_refuses_every_flipped_bit(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    check(!chunks.opens(0, true, flipped(sealed, bit)), "bit " + std::to_string(bit) + " is authenticated");
  }
}

void chunk_refuses_every_truncation(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, BytesView(sealed).first(size)));
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, BytesView(sealed).subspan(sealed.size() - size)));
  }
}

void chunk_refuses_extension(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes sealed = chunks.seal(0, true);
  for (std::size_t more = 1; more <= 64; ++more) {
    Bytes longer = sealed;
    longer.resize(sealed.size() + more);
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, longer));
  }
  Bytes twice = sealed;
  append(twice, sealed);
  DRAWBRIDGE_CHECK(!chunks.opens(0, true, twice));
}

void chunk_refuses_garbage(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  for (std::size_t size = 0; size <= 512; size += 7) {
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, system_random().bytes(size)));
    DRAWBRIDGE_CHECK(!chunks.opens(0, true, Bytes(size)));
  }
}

void chunk_sealed_size_is_exact(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  std::vector<std::size_t> sizes{1023, 1024, 1025, 65535, 65536, 65537, 1u << 20};
  for (std::size_t size = 0; size <= 130; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    const Bytes plain = pattern(size);
    Bytes sealed;
    chunks.cipher->seal(0, true, plain, sealed);
    check(sealed.size() == chunks.cipher->sealed_size(size), "sealed_size(" + std::to_string(size) + ") is exact");
    Bytes opened;
    DRAWBRIDGE_CHECK(chunks.cipher->open(0, true, sealed, opened));
    DRAWBRIDGE_CHECK(opened == plain);
    DRAWBRIDGE_CHECK(sealed.size() > size);
  }
}

void chunk_seal_appends(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  Bytes out = to_bytes("kept");
  for (std::uint64_t index = 0; index < 3; ++index) chunks.cipher->seal(index, index == 2, content, out);
  const std::size_t size = chunks.cipher->sealed_size(content.size());
  DRAWBRIDGE_CHECK(out.size() == 4 + 3 * size && text_view(BytesView(out).first(4)) == "kept");
  for (std::uint64_t index = 0; index < 3; ++index) {
    DRAWBRIDGE_CHECK(chunks.opens(index, index == 2, BytesView(out).subspan(4 + index * size, size)));
  }
}

void chunk_hides_equal_content(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes a = chunks.seal(0, false);
  const Bytes b = chunks.seal(1, false);
  DRAWBRIDGE_CHECK(a != b);
  DRAWBRIDGE_CHECK(std::search(a.begin(), a.end(), content.begin(), content.end()) == a.end());
}

void data_key_size_is_checked(CipherSuite& suite) {
  for (const std::size_t size : {0, 16, 31, 33, 64}) {
    const Secret key(size);
    check_throws_now(Code::invalid, [&] { suite.chunk_cipher(key, header); });
    check_throws_now(Code::invalid, [&] { suite.seal_small(key, header, content); });
    check_throws_now(Code::invalid, [&] { suite.wrap(keys_of(suite).encryption.public_key, header, key); });
  }
}

void portable_keys_differ(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  std::set<std::string> seen;
  for (std::uint64_t index = 0; index < 4; ++index) {
    for (const bool last : {false, true}) {
      const Secret key = chunks.cipher->portable_key(index, last);
      if (key.empty()) return;  // a suite whose chunks are of no format that others know
      check(seen.insert(std::string(key.text())).second, "each chunk has a key of its own");
      DRAWBRIDGE_CHECK(chunks.cipher->portable_key(index, last).equals(key.bytes()));
    }
  }
}

// Small secrets.

void small_round_trip(CipherSuite& suite) {
  const Secret key = test_key(2);
  for (const std::size_t size : {0, 1, 15, 16, 17, 32, 1000, 70000}) {
    const Bytes plain = pattern(size);
    const Bytes sealed = suite.seal_small(key, view("context"), plain);
    DRAWBRIDGE_CHECK(suite.open_small(key, view("context"), sealed).equals(plain));
    DRAWBRIDGE_CHECK(suite.seal_small(key, view("context"), plain) != sealed);
  }
}

void small_context_and_key_are_bound(CipherSuite& suite) {
  const Secret key = test_key(2);
  const Bytes sealed = suite.seal_small(key, view("context"), content);
  for (const std::string_view other : {"", "contex", "context ", "Context"}) {
    check_throws_now(Code::cannot_open, [&] { suite.open_small(key, view(other), sealed); });
  }
  check_throws_now(Code::cannot_open, [&] { suite.open_small(test_key(3), view("context"), sealed); });
  check_throws_now(Code::cannot_open, [&] { suite.open_small(Secret(16), view("context"), sealed); });
}

void small_refuses_every_change(CipherSuite& suite) {
  const Secret key = test_key(2);
  const Bytes sealed = suite.seal_small(key, view("context"), content);
  const auto refused = [&](BytesView bytes) {
    check_throws_now(Code::cannot_open, [&] { suite.open_small(key, view("context"), bytes); });
  };
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) refused(flipped(sealed, bit));
  for (std::size_t size = 0; size < sealed.size(); ++size) refused(BytesView(sealed).first(size));
  Bytes longer = sealed;
  longer.resize(sealed.size() + 16);
  refused(longer);
}

void small_and_chunks_do_not_mix(CipherSuite& suite) {
  const ChunkFixture chunks(suite);
  const Bytes small = suite.seal_small(chunks.key, header, content);
  DRAWBRIDGE_CHECK(!chunks.opens(0, true, small));
  const Bytes chunk = chunks.seal(0, true);
  check_throws_now(Code::cannot_open, [&] { suite.open_small(chunks.key, header, chunk); });
}

// Key encapsulation.

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

// Passwords.

void derive_is_deterministic(CipherSuite& suite) {
  const std::string parameters = suite.password_parameters();
  const Bytes salt = pattern(32);
  const Secret password = Secret::copy_of("correct horse");
  const Secret key = suite.derive(password, salt, parameters);
  DRAWBRIDGE_CHECK(key.size() == 32);
  DRAWBRIDGE_CHECK(suite.derive(password, salt, parameters).equals(key.bytes()));
  DRAWBRIDGE_CHECK(!suite.derive(Secret::copy_of("correct horsf"), salt, parameters).equals(key.bytes()));
  DRAWBRIDGE_CHECK(!suite.derive(password, flipped(salt, 255), parameters).equals(key.bytes()));
}

void derive_refuses_unknown_parameters(CipherSuite& suite) {
  const std::string good = suite.password_parameters();
  const std::string name = good.substr(0, good.find(':'));
  for (const std::string& bad : {std::string(), std::string("md5:600000"), name, name + ":", name + ":1", name + ":0",
                                 name + ":x", name + ":-600000", name + ":99999999999999999999999999", good + " ",
                                 " " + good, good + ":1", std::string(100'000, '9')}) {
    check_throws_now(Code::invalid, [&] { suite.derive(Secret::copy_of("password"), pattern(32), bad); });
  }
}

// Addresses, and the rest.

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
  const ChunkFixture chunks(suite);
  std::array<std::string, 4> failures;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < failures.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          work_on_one_thread(suite, *chunks.cipher, keys, static_cast<std::uint8_t>(i));
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
  return {
      now("ChunkRoundTrip", chunk_round_trip),
      now("ChunkIndexIsBound", chunk_index_is_bound),
      now("ChunkLastFlagIsBound", chunk_last_flag_is_bound),
      now("ChunkHeaderIsBound", chunk_header_is_bound),
      now("ChunkKeyIsNeeded", chunk_key_is_needed),
      now("ChunkRefusesEveryFlippedBit", chunk_refuses_every_flipped_bit),
      now("ChunkRefusesEveryTruncation", chunk_refuses_every_truncation),
      now("ChunkRefusesExtension", chunk_refuses_extension),
      now("ChunkRefusesGarbage", chunk_refuses_garbage),
      now("ChunkSealedSizeIsExact", chunk_sealed_size_is_exact),
      now("ChunkSealAppends", chunk_seal_appends),
      now("ChunkHidesEqualContent", chunk_hides_equal_content),
      now("DataKeySizeIsChecked", data_key_size_is_checked),
      now("PortableKeysDiffer", portable_keys_differ),
      now("SmallRoundTrip", small_round_trip),
      now("SmallContextAndKeyAreBound", small_context_and_key_are_bound),
      now("SmallRefusesEveryChange", small_refuses_every_change),
      now("SmallAndChunksDoNotMix", small_and_chunks_do_not_mix),
      now("WrapRoundTrip", wrap_round_trip),
      now("WrapContextIsBound", wrap_context_is_bound),
      now("WrapIsForOneHolder", wrap_is_for_one_holder),
      now("WrapRefusesChanges", wrap_refuses_changes),
      now("ForeignPublicKeysAreRefused", foreign_public_keys_are_refused),
      now("ForeignPrivateKeysAreRefused", foreign_private_keys_are_refused),
      now("GeneratedKeysDiffer", generated_keys_differ),
      now("SignAndVerify", sign_and_verify),
      now("VerifyIsFalseForGarbage", verify_is_false_for_garbage),
      now("DeriveIsDeterministic", derive_is_deterministic),
      now("DeriveRefusesUnknownParameters", derive_refuses_unknown_parameters),
      now("HasherAgreesWithItsPrefix", hasher_agrees_with_its_prefix),
      now("NamesAreWellFormed", names_are_well_formed),
      now("ThreadsMayShareIt", threads_may_share_it),
  };
}

}  // namespace drawbridge::testkit
