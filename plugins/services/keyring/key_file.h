#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "drawbridge/cipher_suite.h"
#include "drawbridge/clock.h"
#include "drawbridge/random.h"
#include "drawbridge/secret.h"

namespace drawbridge {

/// `drawbridge.keyfile/1`, see docs/formats/key-file.md: the versioned keys of a keyring, sealed under the master
/// password. A value; what it does computes for as long as the password derivation takes, so it belongs on the blocking
/// pool.
class KeyFile {
 public:
  struct Version {
    Timestamp created{};
    Secret key;
  };

  /// A new file's content with version 1.
  static KeyFile create(const CipherSuite& suite, const Secret& password, Random& random, Timestamp now);

  /// Reads and opens. Throws not_found; corrupt for a damaged file; unauthenticated for a wrong master password.
  static KeyFile load(const std::filesystem::path& path, const CipherSuite& suite, const Secret& password);

  /// Replaces the file atomically, mode 0600.
  void save(const std::filesystem::path& path, const CipherSuite& suite) const;

  /// Adds a version and makes it current.
  std::uint32_t add_version(Random& random, Timestamp now);

  KeyFile clone() const;

  std::uint32_t current() const { return current_; }
  const std::map<std::uint32_t, Version>& versions() const { return versions_; }

 private:
  KeyFile() = default;

  std::string kdf_;
  Bytes salt_;
  Secret master_;  // derived from the password
  std::uint32_t current_ = 0;
  std::map<std::uint32_t, Version> versions_;
};

}  // namespace drawbridge
