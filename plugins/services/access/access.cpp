// service.access: the API keys of a node.
//
// A key is "dbk_" + id (16 hexadecimal digits) + "_" + secret (64 of them). Its 256 random bits need no slow hash: the
// record "apikey/<id>" keeps SHA-256 of the whole key. All keys are held in memory, so a check never waits.
#include "drawbridge/access.h"

#include <map>
#include <mutex>
#include <shared_mutex>

#include "drawbridge/cbor.h"
#include "drawbridge/files.h"
#include "drawbridge/handover.h"
#include "drawbridge/hash.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

constexpr std::string_view key_prefix = "dbk_";
constexpr std::size_t id_digits = 16;
constexpr std::size_t key_size = 4 + id_digits + 1 + 64;
constexpr std::string_view record_prefix = "apikey/";
constexpr std::size_t max_keys = 10'000;

struct Entry {
  ApiClient client;
  Digest hash{};
};

Bytes encode_entry(const Entry& entry) {
  CborArray scopes;
  for (const auto& scope : entry.client.scopes) scopes.emplace_back(scope);
  CborMap map{{"name", entry.client.name},
              {"scopes", std::move(scopes)},
              {"created", unix_ms(entry.client.created)},
              {"hash", BytesView(entry.hash)}};
  if (entry.client.expires) map.emplace("expires", unix_ms(*entry.client.expires));
  return encode(map);
}

Entry decode_entry(std::string id, BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  Entry entry;
  entry.client.id = std::move(id);
  entry.client.name = cbor.at("name").text();
  for (const auto& scope : cbor.at("scopes").array()) entry.client.scopes.push_back(scope.text());
  entry.client.created = from_unix_ms(cbor.at("created").integer());
  if (const Cbor* expires = cbor.find("expires")) entry.client.expires = from_unix_ms(expires->integer());
  const Bytes& hash = cbor.at("hash").bytes();
  if (hash.size() != entry.hash.size()) throw Error(Code::corrupt, "an api key's hash has the wrong length");
  std::copy(hash.begin(), hash.end(), entry.hash.begin());
  return entry;
}

void check_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (name.empty() || name.size() > 64 || name.find_first_not_of(allowed) != std::string_view::npos) {
    throw Error(Code::invalid, "an api key's name is 1 to 64 of a-z, 0-9, '-', '_', '.'");
  }
}

void check_scopes(const std::vector<std::string>& scopes) {
  if (scopes.empty()) throw Error(Code::invalid, "an api key needs a scope", "choose of read, share, admin");
  for (const auto& scope : scopes) {
    if (scope != "read" && scope != "share" && scope != "admin") {
      throw Error(Code::invalid, "unknown scope '" + scope + "'", "choose of read, share, admin");
    }
  }
}

/// What is known of the records. Shared with a successor that has the same records, so that a key that one of the two
/// creates or revokes is good or gone for both.
struct Known {
  mutable std::shared_mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;
};

/// The key in the cookie file. It stays the same in a reload, for as long as the file is to be the same.
struct Cookie {
  std::string file;
  Entry entry;
};

class AccessService final : public Access {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the hashes of the keys are kept.");
    o.path(
        "cookie_file", cookie_file_,
        "A key with the scope admin for the command line of this machine, made anew at each start and readable by this "
        "user only.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    const auto old = adopt<AccessService>(host);
    bool same = false;
    if (old) same = co_await same_records(host, *records_, *old->records_);
    if (same) {
      known_ = old->known_;
    } else {
      co_await load();
    }
    if (cookie_file_.empty()) co_return;
    if (old && old->cookie_file_ == cookie_file_ && cookie_.join(old->cookie_)) co_return;
    auto [entry, key] = generate("cookie", {"admin"}, std::nullopt);
    write_file(cookie_file_, view(key + "\n"), 0600);
    wipe({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    cookie_.begin(std::make_shared<Cookie>(Cookie{cookie_file_, std::move(entry)}));
  }

  Task<> stop() override {
    if (cookie_.leave()) std::filesystem::remove(cookie_->file);
    co_return;
  }

  std::optional<ApiClient> check(std::string_view presented) const override {
    if (presented.size() != key_size || !presented.starts_with(key_prefix)) return std::nullopt;
    const Digest hash = sha256(view(presented));
    const std::string_view id = presented.substr(key_prefix.size(), id_digits);
    if (cookie_ && id == cookie_->entry.client.id) {
      return constant_time_equal(cookie_->entry.hash, hash) ? std::optional(cookie_->entry.client) : std::nullopt;
    }
    const std::shared_lock lock(known_->mutex);
    const auto found = known_->entries.find(id);
    if (found == known_->entries.end() || !constant_time_equal(found->second.hash, hash)) return std::nullopt;
    const ApiClient& client = found->second.client;
    if (client.expires && *client.expires <= host_->clock().now()) return std::nullopt;
    return client;
  }

  Task<Created> create(std::string name, std::vector<std::string> scopes, std::optional<Timestamp> expires) override {
    check_name(name);
    check_scopes(scopes);
    if (expires && *expires <= host_->clock().now()) throw Error(Code::invalid, "the expiry is in the past");
    {
      const std::shared_lock lock(known_->mutex);
      if (known_->entries.size() >= max_keys) {
        throw Error(Code::too_large, "there are 10000 api keys already", "revoke those that are not used");
      }
    }
    auto [entry, key] = generate(std::move(name), std::move(scopes), expires);
    const Key record = Key(record_prefix) + entry.client.id;
    Batch batch;
    batch.expect_absent(record).put(record, encode_entry(entry));
    co_await records_->commit(std::move(batch));
    Created created{entry.client, std::move(key)};
    const std::unique_lock lock(known_->mutex);
    known_->entries.emplace(entry.client.id, std::move(entry));
    co_return created;
  }

  Task<bool> revoke(std::string id) override {
    bool known = false;
    {
      const std::unique_lock lock(known_->mutex);
      known = known_->entries.erase(id) != 0;
    }
    // The record decides: an earlier revocation may have failed after the key was forgotten here.
    const Key record = Key(record_prefix) + id;
    if (id.size() != id_digits || !(co_await records_->get(record))) co_return known;
    Batch batch;
    batch.erase(record);
    co_await records_->commit(std::move(batch));
    co_return true;
  }

  std::vector<ApiClient> list() const override {
    std::vector<ApiClient> out;
    const std::shared_lock lock(known_->mutex);
    for (const auto& [id, entry] : known_->entries) out.push_back(entry.client);
    return out;
  }

 private:
  Task<> load() {
    Key after;
    for (bool more = true; more;) {
      const Records::Page page = co_await records_->scan(Key(record_prefix), after, Records::max_page);
      for (const auto& [key, value] : page.records) {
        const std::string id = key.substr(record_prefix.size());
        known_->entries.emplace(id, decode_entry(id, value));
        after = key;
      }
      more = page.more;
    }
  }

  std::pair<Entry, std::string> generate(std::string name, std::vector<std::string> scopes,
                                         std::optional<Timestamp> expires) {
    Entry entry;
    entry.client.id = to_hex(host_->random().bytes(id_digits / 2));
    entry.client.name = std::move(name);
    entry.client.scopes = std::move(scopes);
    entry.client.created = host_->clock().now();
    entry.client.expires = expires;
    const Secret secret = host_->random().secret(32);
    std::string key = std::string(key_prefix) + entry.client.id + "_" + to_hex(secret.bytes());
    entry.hash = sha256(view(key));
    return {std::move(entry), std::move(key)};
  }

  Ref<Records> records_;
  std::string cookie_file_;
  Host* host_ = nullptr;
  Handover<Cookie> cookie_;
  std::shared_ptr<Known> known_ = std::make_shared<Known>();
};

}  // namespace

DRAWBRIDGE_PLUGIN(AccessService, "service.access", "0.1.0", "The API keys of a node, kept as hashes.")

}  // namespace drawbridge
