#include "key_file.h"

#include <boost/json.hpp>
#include <charconv>

#include "drawbridge/cbor.h"
#include "drawbridge/files.h"
#include "drawbridge/hash.h"

namespace drawbridge {
namespace {

namespace json = boost::json;

constexpr std::string_view format_name = "drawbridge.keyfile/1";
constexpr std::string_view check_context = "drawbridge.keyfile/1 check";
constexpr std::size_t salt_bytes = 16;
constexpr std::uint64_t max_file_bytes = 1_MiB;

std::string version_context(std::uint32_t version) {
  return std::string(format_name) + " version " + std::to_string(version);
}

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& how) {
  throw Error(Code::corrupt, "key file '" + path.string() + "' is damaged: " + how, "restore it from a backup");
}

/// What the check value covers: every field that is not itself authenticated by the suite.
Digest fields_digest(std::string_view suite, std::string_view kdf, BytesView salt, std::uint32_t current,
                     const std::map<std::uint32_t, std::pair<Timestamp, Bytes>>& sealed) {
  CborMap keys;
  for (const auto& [version, key] : sealed) {
    keys.emplace(std::to_string(version), CborArray{unix_ms(key.first), key.second});
  }
  return sha256(encode(CborMap{
      {"suite", suite}, {"kdf", kdf}, {"salt", salt}, {"current_version", current}, {"keys", std::move(keys)}}));
}

/// The file as it stands, before any key is used.
struct Parsed {
  std::string suite;
  std::string kdf;
  Bytes salt;
  std::uint32_t current = 0;
  std::map<std::uint32_t, std::pair<Timestamp, Bytes>> sealed;
  Bytes check;
};

Bytes base64_field(const json::object& object, const char* name) {
  auto bytes = from_base64(object.at(name).as_string());
  if (!bytes) throw std::invalid_argument(std::string(name) + " is not base64");
  return std::move(*bytes);
}

Parsed parse(std::string_view text) {
  const json::value document = json::parse(json::string_view(text.data(), text.size()));
  const json::object& file = document.as_object();
  if (std::string_view(file.at("format").as_string()) != format_name) throw std::invalid_argument("unknown format");
  if (file.size() != 7) throw std::invalid_argument("unknown fields");
  Parsed out;
  out.suite = file.at("suite").as_string();
  out.kdf = file.at("kdf").as_string();
  out.salt = base64_field(file, "salt");
  out.current = file.at("current_version").to_number<std::uint32_t>();
  out.check = base64_field(file, "check");
  for (const auto& [name, value] : file.at("keys").as_object()) {
    std::uint32_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc() || end != name.data() + name.size() || std::to_string(version) != std::string_view(name)) {
      throw std::invalid_argument("a version is not a number");
    }
    const json::object& key = value.as_object();
    const std::string_view time = key.at("created").as_string();
    const auto created = parse_rfc3339(time);
    // One notation only: what the check value does not cover must not vary.
    if (!created || to_rfc3339(*created) != time || key.size() != 2)
      throw std::invalid_argument("a version's fields are wrong");
    out.sealed.emplace(version, std::pair(*created, base64_field(key, "wrapped")));
  }
  if (!out.sealed.contains(out.current)) throw std::invalid_argument("the current version is missing");
  return out;
}

Parsed parse_file(const std::filesystem::path& path) {
  const Bytes content = read_file(path, max_file_bytes);
  try {
    return parse(text_view(content));
  } catch (const std::exception& error) {  // whatever the parser and the accessors throw
    damaged(path, error.what());
  }
}

}  // namespace

KeyFile KeyFile::create(const CipherSuite& suite, const Secret& password, Random& random, Timestamp now) {
  KeyFile file;
  file.kdf_ = suite.password_parameters();
  file.salt_ = random.bytes(salt_bytes);
  file.master_ = suite.derive(password, file.salt_, file.kdf_);
  file.add_version(random, now);
  return file;
}

KeyFile KeyFile::load(const std::filesystem::path& path, const CipherSuite& suite, const Secret& password) {
  Parsed parsed = parse_file(path);
  if (parsed.suite != suite.suite()) {
    throw Error(Code::invalid,
                "key file '" + path.string() + "' is of the suite '" + parsed.suite + "', not '" +
                    std::string(suite.suite()) + "'",
                "give service.keyring the suite that the file was made with");
  }
  KeyFile file;
  file.kdf_ = parsed.kdf;
  file.salt_ = parsed.salt;
  file.current_ = parsed.current;
  try {
    file.master_ = suite.derive(password, file.salt_, file.kdf_);
  } catch (const Error& error) {
    if (error.code() == Code::invalid) damaged(path, error.what());
    throw;
  }
  Secret check;
  try {
    check = suite.open_small(file.master_, view(check_context), parsed.check);
  } catch (const Error&) {
    throw Error(Code::unauthenticated,
                "wrong master password for the key file '" + path.string() + "', or the file is damaged",
                "check password_file; if the password is right, restore the key file from a backup");
  }
  if (!check.equals(fields_digest(parsed.suite, parsed.kdf, parsed.salt, parsed.current, parsed.sealed))) {
    damaged(path, "its fields do not match its check value");
  }
  for (const auto& [version, entry] : parsed.sealed) {
    file.versions_.emplace(
        version, Version{entry.first, suite.open_small(file.master_, view(version_context(version)), entry.second)});
  }
  return file;
}

void KeyFile::save(const std::filesystem::path& path, const CipherSuite& suite) const {
  std::map<std::uint32_t, std::pair<Timestamp, Bytes>> sealed;
  json::object keys;
  for (const auto& [version, entry] : versions_) {
    Bytes wrapped = suite.seal_small(master_, view(version_context(version)), entry.key.bytes());
    keys[std::to_string(version)] = {{"created", to_rfc3339(entry.created)}, {"wrapped", to_base64(wrapped)}};
    sealed.emplace(version, std::pair(entry.created, std::move(wrapped)));
  }
  const Digest digest = fields_digest(suite.suite(), kdf_, salt_, current_, sealed);
  const json::object file{{"format", std::string(format_name)},
                          {"suite", std::string(suite.suite())},
                          {"kdf", kdf_},
                          {"salt", to_base64(salt_)},
                          {"current_version", current_},
                          {"keys", std::move(keys)},
                          {"check", to_base64(suite.seal_small(master_, view(check_context), digest))}};
  write_file(path, view(json::serialize(file) + "\n"), 0600);
}

KeyFile KeyFile::clone() const {
  KeyFile copy;
  copy.kdf_ = kdf_;
  copy.salt_ = salt_;
  copy.master_ = master_.clone();
  copy.current_ = current_;
  for (const auto& [version, entry] : versions_)
    copy.versions_.emplace(version, Version{entry.created, entry.key.clone()});
  return copy;
}

std::uint32_t KeyFile::add_version(Random& random, Timestamp now) {
  const std::uint32_t version = versions_.empty() ? 1 : versions_.rbegin()->first + 1;
  versions_.emplace(version, Version{now, random.secret(32)});
  current_ = version;
  return version;
}

}  // namespace drawbridge
