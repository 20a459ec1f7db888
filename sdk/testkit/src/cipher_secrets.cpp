// Small secrets and passwords.
#include "cipher_suite_support.h"

namespace drawbridge::testkit {
namespace {

const Bytes content = to_bytes("twenty-three bytes long");

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
  const Secret key = test_key(2);
  const auto cipher = suite.chunk_cipher(key, view("header"));
  Bytes out;
  DRAWBRIDGE_CHECK(!cipher->open(0, true, suite.seal_small(key, view("header"), content), out));
  Bytes chunk;
  cipher->seal(0, true, content, chunk);
  check_throws_now(Code::cannot_open, [&] { suite.open_small(key, view("header"), chunk); });
}

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

}  // namespace

Suite<CipherSuite> secret_cases() {
  return {
      now("SmallRoundTrip", small_round_trip),
      now("SmallContextAndKeyAreBound", small_context_and_key_are_bound),
      now("SmallRefusesEveryChange", small_refuses_every_change),
      now("SmallAndChunksDoNotMix", small_and_chunks_do_not_mix),
      now("DeriveIsDeterministic", derive_is_deterministic),
      now("DeriveRefusesUnknownParameters", derive_refuses_unknown_parameters),
  };
}

}  // namespace drawbridge::testkit
