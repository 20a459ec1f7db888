#pragma once

#include <string>

#include "drawbridge/random.h"
#include "drawbridge/testkit/cipher_suite.h"

namespace drawbridge::testkit {

/// A case that does not wait. A free coroutine, so that nothing refers to a closure that is gone.
inline Task<> run_now(void (*run)(CipherSuite&), CipherSuite& suite) {
  run(suite);
  co_return;
}
inline Case<CipherSuite> now(std::string name, void (*run)(CipherSuite&)) {
  return {std::move(name), [run](CipherSuite& suite) { return run_now(run, suite); }};
}

template <class Work>
void check_throws_now(Code code, Work work, SourceLocation where = SourceLocation::current()) {
  std::string got = "nothing was thrown";
  try {
    work();
  } catch (const Error& error) {
    if (error.code() == code) return;
    got = std::string(name(error.code())) + ": " + error.what();
  }
  throw Failure("expected an error " + std::string(name(code)) + ", got " + got, where);
}

/// A data key that differs for each number, and content that tells positions apart.
inline Secret test_key(std::uint8_t number) {
  return Secret(Bytes(CipherSuite::data_key_bytes, static_cast<std::uint8_t>(number + 1)));
}
inline Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return out;
}

inline Bytes flipped(Bytes bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  return bytes;
}

/// Key pairs, made once a suite and process.
struct Keys {
  KeyPair encryption;
  KeyPair other_encryption;
  KeyPair signature;
  KeyPair other_signature;
};
const Keys& keys_of(const CipherSuite& suite);

/// The parts of `cipher_suite_suite`.
Suite<CipherSuite> chunk_cases();
Suite<CipherSuite> key_cases();
Suite<CipherSuite> secret_cases();

}  // namespace drawbridge::testkit
